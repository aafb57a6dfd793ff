//! Progress of long work on stderr: a bar for people, a log line every ten seconds for everything else.

use std::{
    io::{IsTerminal, stderr},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Figures;

/// Time between two log lines.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Shows the progress of an import.
#[derive(Debug)]
pub struct ImportProgress {
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl Default for ImportProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl ImportProgress {
    /// A bar when stderr is a terminal, else log lines.
    pub fn new() -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
            bar.set_style(style());
            bar
        });
        Self { bar, last_line: Instant::now() }
    }

    /// Takes what the import tells after each block.
    pub fn update(&mut self, figures: &Figures) {
        let speed = format!(
            "block {}  {:.0} blocks/s  {:.1} Mgas/s",
            figures.number,
            figures.blocks_per_second(),
            figures.mgas_per_second()
        );
        match &self.bar {
            Some(bar) => {
                bar.set_length(figures.total_bytes);
                bar.set_position(figures.bytes);
                bar.set_message(speed);
            }
            None if self.last_line.elapsed() >= LOG_EVERY => {
                self.last_line = Instant::now();
                let eta = figures.eta().map_or(0, |eta| eta.as_secs());
                tracing::info!(
                    number = figures.number,
                    blocks_per_s = format_args!("{:.0}", figures.blocks_per_second()),
                    mgas_per_s = format_args!("{:.1}", figures.mgas_per_second()),
                    eta_s = eta,
                    "importing"
                );
            }
            None => {}
        }
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Shows the progress of work in stages.
#[derive(Debug)]
pub struct StageProgress {
    bar: Option<ProgressBar>,
    last_line: Instant,
}

impl Default for StageProgress {
    fn default() -> Self {
        Self::new()
    }
}

impl StageProgress {
    /// A bar when stderr is a terminal, else log lines.
    pub fn new() -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(8));
            bar.set_style(style());
            bar
        });
        Self { bar, last_line: Instant::now() }
    }

    /// Takes what the work tells now and then.
    pub fn update(&mut self, stage: &'static str, done: u64, total: u64) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(stage);
            }
            None if self.last_line.elapsed() >= LOG_EVERY => {
                self.last_line = Instant::now();
                tracing::info!(stage, done, total, "working");
            }
            None => {}
        }
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    let template = "{wide_bar} {percent:>3} %  {msg}  ETA {eta}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
