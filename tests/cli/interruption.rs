//! Imports that are stopped or killed, and go on.

use std::time::{Duration, Instant};

use crate::{
    chain_maker::Chain,
    run::{Ended, bttd, head, import, signal, start_import},
};

#[test]
fn sigint_ends_an_import_in_good_order() {
    let chain = Chain::new(400);
    let (genesis, datadir) = (chain.genesis_path(), chain.datadir("d"));
    let child = start_import(&datadir, &genesis, &[&chain.path()]);
    signal(&child, "INT");
    let ended = Ended::of(&child.wait_with_output().unwrap()).code(0);
    let report = ended.json();
    let number = report["head"]["number"].as_u64().unwrap();
    assert_eq!((&report["stopped"], number < 400), (&true.into(), true), "{ended:#?}");
    assert_eq!(head(&datadir), (number, chain.hash(usize::try_from(number).unwrap()).to_string()));

    let report = import(&datadir, &genesis, &[&chain.path()]).code(0).json();
    assert_eq!(report["skipped"], number);
    assert_eq!(report["head"]["hash"], chain.hash(400).to_string());
}

/// `BTT_KILLS` sets how often (12 when not set).
#[test]
fn kill_at_any_moment_leaves_whole_blocks_and_the_right_root() {
    let kills: u64 = std::env::var("BTT_KILLS").map_or(12, |text| text.parse().unwrap());
    let chain = Chain::new(600);
    let (genesis, mut round, mut datadir) = (chain.genesis_path(), 0, chain.datadir("d0"));
    let mut before = 0;
    for kill in 0..kills {
        let mut child = start_import(&datadir, &genesis, &[&chain.path()]);
        spin(Duration::from_micros(kill.wrapping_mul(7_919) % 400 * 1_000));
        child.kill().unwrap();
        child.wait().unwrap();
        if !datadir.join("genesis.json").exists() {
            continue;
        }
        let (number, hash) = head(&datadir);
        assert!(number >= before, "kill {kill}: the head went back from {before} to {number}");
        assert_eq!(hash, chain.hash(usize::try_from(number).unwrap()).to_string(), "kill {kill}");
        bttd(&["db", "verify", "--datadir", datadir.to_str().unwrap()]).code(0);
        before = number;
        if number == 600 {
            round += 1;
            before = 0;
            datadir = chain.datadir(&format!("d{round}"));
        }
    }
    let report = import(&datadir, &genesis, &[&chain.path()]).code(0).json();
    assert_eq!(report["head"]["hash"], chain.hash(600).to_string());
    bttd(&["db", "verify", "--datadir", datadir.to_str().unwrap()]).code(0);
}

/// Lets time pass without giving the processor away for long: the moment of the kill should be anywhere.
fn spin(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::thread::yield_now();
    }
}
