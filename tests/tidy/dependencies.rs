//! Group 5: what the build pulls in stays countable, single and lawful.

use std::collections::BTreeMap;

use crate::{
    fault::Fault,
    packages::{External, Packages},
    table,
    tree::Tree,
};

const LOCK: &str = "Cargo.lock";

/// The one place where Cargo.lock may say that packages come from.
const SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub fn check(tree: &Tree, packages: &Packages) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(lock(tree));
    faults.extend(single_versions(&packages.external));
    faults.extend(packages.external.iter().filter_map(licence));
    for member in &packages.members {
        let manifest = format!("{}/Cargo.toml", member.dir);
        let direct = member.dependencies.iter().filter(|dependency| !dependency.for_tests).count();
        if direct > table::DIRECT_DEPENDENCIES {
            faults.push(Fault::new(&manifest, 0, "dependencies", format!("{direct} direct dependencies")));
        }
        if member.features.len() > table::FEATURES {
            let what = format!("{} features: {}", member.features.len(), member.features.join(", "));
            faults.push(Fault::new(&manifest, 0, "features", what));
        }
    }
    faults
}

pub fn report(tree: &Tree, packages: &Packages) -> String {
    let count =
        |member: &crate::packages::Member| member.dependencies.iter().filter(|d| !d.for_tests).count();
    let mut direct: Vec<_> = packages.members.iter().map(count).collect();
    direct.sort_unstable();
    format!(
        "tidy: {} external packages in the lock file (limit {}), median {} direct dependencies (aim 10)\n",
        external_in_lock(tree),
        table::EXTERNAL_PACKAGES,
        direct.get(direct.len() / 2).copied().unwrap_or_default()
    )
}

/// Number and origin of the packages in the lock file, for every platform.
fn lock(tree: &Tree) -> Vec<Fault> {
    let Some(file) = tree.file(LOCK) else { return vec![Fault::new(LOCK, 0, "lock", "missing")] };
    let mut faults = Vec::new();
    let count = external_in_lock(tree);
    if count > table::EXTERNAL_PACKAGES {
        let what = format!("{count} external packages, limit {}", table::EXTERNAL_PACKAGES);
        faults.push(Fault::new(LOCK, 0, "lock", what));
    }
    for (number, line) in file.lines() {
        if let Some(source) = line.strip_prefix("source = ")
            && source.trim_matches('"') != SOURCE
        {
            faults.push(Fault::new(LOCK, number, "lock", format!("{source} is not the crates.io index")));
        }
    }
    faults
}

/// Packages of the lock file that come from elsewhere: ours have no source.
fn external_in_lock(tree: &Tree) -> usize {
    tree.file(LOCK).map_or(0, |file| file.lines().filter(|(_, line)| line.starts_with("source = ")).count())
}

/// Two versions of these would be two databases, two EVMs or two kinds of address.
fn single_versions(external: &[External]) -> Vec<Fault> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in external.iter().filter(|package| table::ONE_VERSION.contains(&package.name.as_str())) {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| {
            Fault::new(LOCK, 0, "duplicate", format!("{name} {}", versions.join(" and ")))
        })
        .collect()
}

fn licence(package: &External) -> Option<Fault> {
    (!is_allowed(&package.licence)).then(|| {
        Fault::new(LOCK, 0, "licence", format!("{} {}: {:?}", package.name, package.version, package.licence))
    })
}

/// An SPDX expression: `AND` binds tighter than `OR`, `/` is the old way to write `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<_> = spaced.split_whitespace().collect();
    let (allowed, rest) = any_of(&tokens);
    allowed && rest.is_empty() && !tokens.is_empty()
}

fn any_of<'a>(tokens: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut allowed, mut rest) = all_of(tokens);
    while rest.first() == Some(&"OR") {
        let (other, after) = all_of(&rest[1..]);
        (allowed, rest) = (allowed || other, after);
    }
    (allowed, rest)
}

fn all_of<'a>(tokens: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    let (mut allowed, mut rest) = one(tokens);
    while rest.first() == Some(&"AND") {
        let (other, after) = one(&rest[1..]);
        (allowed, rest) = (allowed && other, after);
    }
    (allowed, rest)
}

fn one<'a>(tokens: &'a [&'a str]) -> (bool, &'a [&'a str]) {
    match tokens {
        ["(", inner @ ..] => {
            let (allowed, rest) = any_of(inner);
            (allowed && rest.first() == Some(&")"), rest.get(1..).unwrap_or_default())
        }
        [name, "WITH", exception, rest @ ..] => {
            (table::LICENCES.contains(&format!("{name} WITH {exception}").as_str()), rest)
        }
        [name, rest @ ..] => (table::LICENCES.contains(name), rest),
        [] => (false, tokens),
    }
}

#[test]
fn licence_expressions_are_read() {
    let check =
        |expression: &str, expected: bool| assert_eq!(is_allowed(expression), expected, "{expression}");
    check("MIT", true);
    check("GPL-3.0", false);
    check("GPL-3.0 OR MIT", true);
    check("MIT/Apache-2.0", true);
    check("GPL-3.0 AND MIT", false);
    check("(MIT OR GPL-3.0) AND Unicode-3.0", true);
    check("MIT OR GPL-3.0 AND LGPL-3.0", true);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("GPL-2.0 WITH Classpath-exception-2.0", false);
    check("(MIT", false);
    check("", false);
}

#[test]
fn bad_dependencies_are_caught() {
    use crate::{fault::assert_caught, packages::samples};

    let lock =
        |line: &str, count: usize| Tree::sample(&[(LOCK, &format!("source = \"{line}\"\n").repeat(count))]);
    let good = lock(SOURCE, 1);
    let none = Packages::default();
    assert_caught(&check(&good, &none), &[]);
    assert_caught(&check(&lock("git+ssh://elsewhere", 1), &none), &[(LOCK, 1, "lock")]);
    assert_caught(&check(&lock(SOURCE, table::EXTERNAL_PACKAGES + 1), &none), &[(LOCK, 0, "lock")]);
    assert_caught(&check(&Tree::sample(&[]), &none), &[(LOCK, 0, "lock")]);

    let external = |name: &str, version: &str, licence: &str| External {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.to_owned(),
    };
    let packages = Packages {
        external: vec![
            external("revm", "1.0.0", "MIT"),
            external("revm", "2.0.0", "MIT"),
            external("syn", "1.0.0", "MIT"),
            external("syn", "2.0.0", "Proprietary"),
        ],
        ..Packages::default()
    };
    assert_caught(&check(&good, &packages), &[(LOCK, 0, "duplicate"), (LOCK, 0, "licence")]);

    let mut member = samples::member("crates/node", &["a"; table::DIRECT_DEPENDENCIES + 1]);
    member.features = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let packages = Packages { members: vec![member], ..Packages::default() };
    let manifest = "crates/node/Cargo.toml";
    assert_caught(&check(&good, &packages), &[(manifest, 0, "dependencies"), (manifest, 0, "features")]);
}
