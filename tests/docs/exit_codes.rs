//! `docs/exit-codes.md`: from the enumeration that the program ends with.

use std::fs;

use btt_tests::bttd;

/// Where the enumeration stands.
const SOURCE: &str = "crates/node/src/error.rs";

pub fn page() -> String {
    let source = fs::read_to_string(btt_tests::root().join(SOURCE)).unwrap();
    let mut page = "# Exit codes\n\n| code | meaning |\n|---|---|\n".to_owned();
    for (code, meaning) in codes(&source) {
        page += &format!("| {code} | {meaning} |\n");
    }
    page
}

/// Code and documentation of each variant.
fn codes(source: &str) -> Vec<(u8, String)> {
    let body = source.split_once("pub enum Exit {").expect("the enumeration is there").1;
    let body = body.split_once("\n}").expect("it ends").0;
    let mut codes = Vec::new();
    let mut meaning = Vec::new();
    for line in body.lines().map(str::trim) {
        if let Some(sentence) = line.strip_prefix("///") {
            meaning.push(sentence.trim());
        } else if let Some((_, code)) = line.trim_end_matches(',').split_once(" = ") {
            codes.push((code.parse().expect("a number"), meaning.join(" ")));
            meaning.clear();
        }
    }
    codes
}

#[test]
fn help_names_every_exit_code() {
    let source = fs::read_to_string(btt_tests::root().join(SOURCE)).unwrap();
    let output = bttd().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, section) = help.split_once("Exit codes:").expect("help has a section on exit codes");
    let named: Vec<_> =
        section.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    let codes = codes(&source);
    assert!(codes.len() > 2, "no exit codes found in {SOURCE}");
    for (code, meaning) in codes {
        assert!(named.contains(&code), "exit code {code} ({meaning}) is not in the help");
    }
}

#[test]
fn codes_are_read_from_the_enumeration() {
    let source =
        "pub enum Exit {\n    /// Well\n    /// done.\n    Done = 0,\n    /// Not.\n    Failure = 1,\n}\n";
    assert_eq!(codes(source), [(0, "Well done.".to_owned()), (1, "Not.".to_owned())]);
}
