//! Group 1: arrows between crates point down, heavy dependencies have one owner, tokio stays above the core.

use crate::{
    fault::Fault,
    packages::{Dependency, Member, Packages},
    table::{self, Class, Crate},
};

/// Checks every package of the workspace against [`table::CRATES`] and [`table::OWNERS`].
pub fn check(packages: &Packages) -> Vec<Fault> {
    packages.members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Fault> {
    let manifest = format!("{}/Cargo.toml", member.dir);
    let fault = |rule, what: String| Fault::new(&manifest, 0, rule, what);
    let Some(row) = table::crate_at(&member.dir) else {
        return vec![fault(
            "layers",
            "no row in the table of crates: give it a layer and a class".to_owned(),
        )];
    };
    let mut faults = Vec::new();
    for dependency in &member.dependencies {
        if let Some(dir) = &dependency.dir
            && !may_depend(row, dir, dependency.for_tests)
        {
            faults.push(fault("layers", format!("must not depend on {dir}: arrows point to lower layers")));
        }
        if let Some(owner) = owner_elsewhere(row, dependency) {
            faults.push(fault("one-owner", format!("{} belongs to {owner} alone", dependency.name)));
        }
        let is_tokio = dependency.name == "tokio" || dependency.name.starts_with("tokio-");
        if is_tokio && row.layer < table::TOKIO_FROM_LAYER && !dependency.for_tests {
            faults
                .push(fault("tokio", format!("{} below layer {}", dependency.name, table::TOKIO_FROM_LAYER)));
        }
    }
    if row.class == Class::Pure {
        let reached = table::NOT_BELOW_PURE.iter().filter(|name| member.reaches.contains(**name));
        faults.extend(reached.map(|name| fault("pure-tree", format!("a pure crate reaches {name}"))));
    }
    if member.dir == "bin/bttd" {
        let shipped = table::NOT_IN_RELEASE.iter().filter(|name| member.reaches.contains(**name));
        faults
            .extend(shipped.map(|name| fault("release-tree", format!("the released program holds {name}"))));
    }
    faults
}

/// Lower layers are open; siblings only where the table draws the arrow. Tests may also look sideways.
fn may_depend(row: &Crate, dir: &str, for_tests: bool) -> bool {
    let Some(below) = table::crate_at(dir) else { return false };
    // The simulation is a user of the core, never a part of it.
    let is_released = matches!(row.class, Class::Pure | Class::Store | Class::Io);
    if below.class == Class::Dev && is_released {
        return for_tests;
    }
    below.layer < row.layer || row.siblings.contains(&below.name()) || (for_tests && below.layer == row.layer)
}

/// The owner of a heavy dependency, when it is another crate. The `tests` package may use anything.
fn owner_elsewhere(row: &Crate, dependency: &Dependency) -> Option<&'static str> {
    let owns = |prefix: &str| {
        dependency
            .name
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    };
    let (_, owner) = table::OWNERS.iter().find(|(prefix, _)| owns(prefix))?;
    (*owner != row.dir && row.dir != "tests").then_some(*owner)
}

#[test]
fn bad_arrows_are_caught() {
    use crate::{fault::assert_caught, packages::samples};

    let check = |dir: &str, dependencies: &[&str], rules: &[&'static str]| {
        let faults = check_member(&samples::member(dir, dependencies));
        let manifest = format!("{dir}/Cargo.toml");
        let expected: Vec<_> = rules.iter().map(|rule| (manifest.as_str(), 0, *rule)).collect();
        assert_caught(&faults, &expected);
    };
    check("crates/evm", &["crates/state", "crates/primitives", "revm", "revm-database"], &[]);
    check("crates/state", &["crates/evm"], &["layers"]);
    check("crates/state", &["crates/chainspec", "crates/node"], &["layers"]);
    check("crates/consensus", &["crates/mempool"], &["layers"]);
    check("crates/engine", &["crates/sim"], &["layers"]);
    check("crates/node", &["crates/tron-sim", "crates/rpc", "tokio"], &[]);
    check("crates/surprise", &[], &["layers"]);
    check("crates/node", &["rocksdb"], &["one-owner"]);
    check("crates/state", &["revm-database"], &["one-owner"]);
    check("crates/node", &["revmc-like"], &[]);
    check("crates/engine", &["tokio-util"], &["tokio"]);
    check("crates/network", &["tokio", "libp2p"], &[]);
}

#[test]
fn bad_trees_are_caught() {
    use crate::{fault::assert_caught, packages::samples};

    let check = |dir: &str, reaches: &str, rules: &[&'static str]| {
        let mut member = samples::member(dir, &[]);
        member.reaches.insert(reaches.to_owned());
        let manifest = format!("{dir}/Cargo.toml");
        let expected: Vec<_> = rules.iter().map(|rule| (manifest.as_str(), 0, *rule)).collect();
        assert_caught(&check_member(&member), &expected);
    };
    check("crates/primitives", "tokio", &["pure-tree"]);
    check("crates/evm", "rocksdb", &[]);
    check("bin/bttd", "proptest", &["release-tree"]);
    check("bin/bttd", "tokio", &[]);
}
