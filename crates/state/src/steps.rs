//! The places where readers and the writer can overtake each other.
//!
//! Outside tests a step is nothing. The step-wise test hands each of its threads the turn at these places, one at a
//! time in an order drawn from a seed, so that it sees orders that real threads almost never take.

/// A place between two actions that others can see. Never inside a lock that another thread takes.
#[cfg(not(test))]
pub(crate) const fn step() {}

#[cfg(test)]
pub(crate) use turns::{Turns, step};

#[cfg(test)]
mod turns {
    use std::{cell::RefCell, sync::Arc};

    use parking_lot::{Condvar, Mutex};

    use crate::testing::Random;

    thread_local! {
        static PLACE: RefCell<Option<(Arc<Turns>, usize)>> = const { RefCell::new(None) };
    }

    /// Gives the turn to one of some threads at each step.
    pub(crate) struct Turns {
        state: Mutex<State>,
        moved: Condvar,
    }

    struct State {
        random: Random,
        /// Who has the turn, and who still runs.
        turn: usize,
        running: Vec<bool>,
    }

    impl Turns {
        /// Runs all actors to their end, in an order drawn from `seed`.
        pub(crate) fn run(seed: u64, actors: Vec<Box<dyn FnOnce() + Send + '_>>) {
            let running = vec![true; actors.len()];
            let state = State { random: Random::new(seed), turn: 0, running };
            let turns = Arc::new(Self { state: Mutex::new(state), moved: Condvar::new() });
            std::thread::scope(|scope| {
                for (place, actor) in actors.into_iter().enumerate() {
                    let turns = turns.clone();
                    scope.spawn(move || {
                        let end = End(turns.clone(), place);
                        PLACE.set(Some((turns.clone(), place)));
                        turns.wait(place);
                        actor();
                        drop(end);
                    });
                }
            });
        }

        fn wait(&self, place: usize) {
            let mut state = self.state.lock();
            while state.turn != place {
                self.moved.wait(&mut state);
            }
        }

        /// Draws who goes on.
        fn pass(&self, state: &mut State) {
            let running: Vec<_> = (0..state.running.len()).filter(|place| state.running[*place]).collect();
            if !running.is_empty() {
                state.turn = running[state.random.index(running.len())];
            }
            self.moved.notify_all();
        }
    }

    /// Passes the turn on when its thread ends, also by a failed assertion.
    struct End(Arc<Turns>, usize);

    impl Drop for End {
        fn drop(&mut self) {
            PLACE.set(None);
            let mut state = self.0.state.lock();
            state.running[self.1] = false;
            self.0.pass(&mut state);
        }
    }

    /// Passes the turn and waits for the next one; nothing in threads that have no turns.
    pub(crate) fn step() {
        let Some((turns, place)) = PLACE.with_borrow(Clone::clone) else { return };
        turns.pass(&mut turns.state.lock());
        turns.wait(place);
    }
}
