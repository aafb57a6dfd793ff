//! The texts of `--help`, as they are.

use snapbox::{assert_data_eq, file};

use crate::run::bttd;

macro_rules! help_is {
    ($($name:ident: $($word:literal)* => $file:literal;)*) => {
        $(
            #[test]
            fn $name() {
                let ended = bttd(&[$($word,)* "--help"]).code(0);
                assert_eq!(ended.stderr, "");
                assert_data_eq!(ended.stdout, file![$file]);
            }
        )*
    };
}

help_is! {
    bttd_help: => "help/bttd.txt";
    init: "init" => "help/init.txt";
    import: "import" => "help/import.txt";
    chain: "chain" => "help/chain.txt";
    chain_export: "chain" "export" => "help/chain-export.txt";
    chain_info: "chain" "info" => "help/chain-info.txt";
    chain_forks: "chain" "forks" => "help/chain-forks.txt";
    chain_genesis_hash: "chain" "genesis-hash" => "help/chain-genesis-hash.txt";
    db: "db" => "help/db.txt";
    db_stats: "db" "stats" => "help/db-stats.txt";
    db_verify: "db" "verify" => "help/db-verify.txt";
    db_compact: "db" "compact" => "help/db-compact.txt";
    db_prune: "db" "prune" => "help/db-prune.txt";
    fixtures: "fixtures" => "help/fixtures.txt";
    fixtures_run: "fixtures" "run" => "help/fixtures-run.txt";
    bench: "bench" => "help/bench.txt";
    bench_execution: "bench" "execution" => "help/bench-execution.txt";
    completions: "completions" => "help/completions.txt";
}

#[test]
fn version_names_commit_profile_compiler_and_forks() {
    let long = bttd(&["--version"]).code(0).stdout;
    for line in [
        "bttd 0.1.0",
        "commit:   ",
        "profile:  ",
        "features: jemalloc",
        "rustc:    rustc 1.",
        "forks:    Frontier to Osaka",
    ] {
        assert!(long.contains(line), "no {line:?} in {long}");
    }
    let short = bttd(&["-V"]).code(0).stdout;
    assert!(short.starts_with("bttd 0.1.0 (") && short.lines().count() == 1, "{short}");
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "man"] {
        let text = bttd(&["completions", shell]).code(0).stdout;
        for word in ["import", "fixtures", "completions"] {
            assert!(text.contains(word), "{shell}: no {word}");
        }
    }
}
