//! Group 9: bytes on disk and on the wire have golden samples, so that no change of them goes unseen.

use crate::{
    fault::Fault,
    rust::{self, Source},
    table,
    tree::{File, Tree},
};

/// Every codec of ours is named in a file of its crate whose path holds `golden`.
pub fn check(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, source) in tree.rust() {
        let Some(row) = table::crate_of(&file.path) else { continue };
        for (number, codec) in codecs(source) {
            if !is_golden(tree, row.dir, &codec) {
                let what = format!("{codec} has no golden sample: name it in a test file called golden");
                faults.push(Fault::new(&file.path, number, "golden", what));
            }
        }
    }
    faults
}

/// Types with an RLP decoder of ours, and functions that write a row: `impl Decodable for T`, `fn encode_row`.
fn codecs(source: &Source) -> Vec<(usize, String)> {
    let name = |rest: &str| rest.chars().take_while(|c| rust::is_word(*c)).collect::<String>();
    let codec = |line: &str| {
        if let Some((_, rest)) = line.split_once("Decodable for ") {
            return Some(name(rest));
        }
        // Methods are indented, parts of a row private: what they encode is in the row's sample.
        let (before, rest) = line.split_once("fn encode_")?;
        before.starts_with("pub").then(|| format!("encode_{}", name(rest)))
    };
    source.product_lines().filter_map(|(number, line)| Some((number, codec(line)?))).collect()
}

fn is_golden(tree: &Tree, dir: &str, codec: &str) -> bool {
    let is_candidate = |file: &&File| file.path.starts_with(dir) && file.path.contains("golden");
    let texts = tree.files.iter().filter(is_candidate).filter_map(|file| file.text.as_deref());
    texts.into_iter().any(|text| rust::words(text, codec).next().is_some())
}

#[test]
fn codecs_without_golden_samples_are_caught() {
    use crate::fault::assert_caught;

    let path = "crates/state/src/row.rs";
    let golden = "crates/state/src/tests/golden.rs";
    let code = (
        path,
        "//! A.\npub(crate) fn encode_row() {}\nimpl Decodable for Vote {}\n    fn encode_part(&self) {}\nfn encode_log() {}\n",
    );
    let caught = [(path, 2, "golden"), (path, 3, "golden")];
    assert_caught(&check(&Tree::sample(&[code])), &caught);
    assert_caught(&check(&Tree::sample(&[code, (golden, "encode_rows(); Vote2")])), &caught);
    assert_caught(&check(&Tree::sample(&[code, (golden, "encode_row(); Vote")])), &[]);
    assert_caught(&check(&Tree::sample(&[code, ("crates/evm/golden.rs", "encode_row(); Vote")])), &caught);
}
