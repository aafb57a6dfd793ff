//! The end of a whole storage trie.

use crate::{
    Error,
    trie::{
        changes::{Change, Output, Root, Tip},
        node::{bit, bits},
        source::{Rows, Source},
    },
};

impl<R: Rows> Source<'_, R> {
    /// The removal of every branch of the trie with this top, found by walking its records.
    pub(super) fn removals(&self, root: &Root) -> Result<Vec<Change>, Error> {
        let mut output = Output::default();
        if let Root::Branch(tip) = root {
            self.remove(tip, &mut output)?;
        }
        Ok(output.into_changes())
    }

    fn remove(&self, tip: &Tip, output: &mut Output) -> Result<(), Error> {
        output.push(tip.path, None, tip.stored);
        if !tip.stored {
            return Ok(());
        }
        let children = self.branch(tip)?;
        for at in bits(children.branch) {
            let (path, reference) = (children.path_of(&tip.path, at), children.references[at]);
            self.remove(
                &Tip { path, reference, stored: children.stored & bit(at) != 0, node: None },
                output,
            )?;
        }
        Ok(())
    }
}
