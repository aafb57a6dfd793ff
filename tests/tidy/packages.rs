//! The packages of the workspace and what cargo resolved for them.

use std::{collections::BTreeSet, path::Path, process::Command};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// The workspace as cargo sees it on this platform.
#[derive(Default)]
pub struct Packages {
    /// Ours.
    pub members: Vec<Member>,
    /// Everybody else's.
    pub external: Vec<External>,
}

/// A package of the workspace.
#[derive(Default)]
pub struct Member {
    /// Folder from the repository's root.
    pub dir: String,
    /// Direct dependencies.
    pub dependencies: Vec<Dependency>,
    /// Names of all packages reached through normal dependencies, itself left out.
    pub reaches: BTreeSet<String>,
    /// Declared features without `default` and those that optional dependencies imply.
    pub features: Vec<String>,
}

/// A direct dependency.
#[derive(Clone)]
pub struct Dependency {
    pub name: String,
    /// Folder of a package of ours, from the repository's root.
    pub dir: Option<String>,
    pub for_tests: bool,
}

/// A package from the registry.
pub struct External {
    pub name: String,
    pub version: String,
    pub licence: String,
}

impl Packages {
    /// Asks cargo, for this platform alone: others' packages need not be downloaded for that.
    pub fn load(root: &Path) -> Self {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), host()])
            .exec()
            .expect("cargo metadata reads the workspace");
        let ours: BTreeSet<_> = metadata.workspace_members.iter().collect();
        let (members, others): (Vec<_>, Vec<_>) =
            metadata.packages.iter().partition(|p| ours.contains(&p.id));
        Self {
            members: members.into_iter().map(|package| member(root, package)).collect(),
            external: others.into_iter().map(external).collect(),
        }
    }
}

/// The platform that this compiler builds for.
fn host() -> String {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc tells its version");
    let text = String::from_utf8(version.stdout).expect("rustc speaks UTF-8");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host").to_owned()
}

fn member(root: &Path, package: &Package) -> Member {
    let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
    let relative = |path: &Path| path.strip_prefix(root).ok()?.to_str().map(str::to_owned);
    let dependencies = package.dependencies.iter().map(|dependency| Dependency {
        name: dependency.name.clone(),
        dir: dependency.path.as_ref().and_then(|path| relative(path.as_std_path())),
        for_tests: dependency.kind == DependencyKind::Development,
    });
    let implied = |name: &str| package.features[name] == [format!("dep:{name}")];
    let features = package.features.keys().filter(|name| *name != "default" && !implied(name));
    Member {
        dir: relative(folder.as_std_path()).expect("our packages lie in the repository"),
        dependencies: dependencies.collect(),
        reaches: reach(root, &package.name),
        features: features.cloned().collect(),
    }
}

/// Names of the packages that a package of ours is built with, itself left out.
///
/// From `cargo tree`: the graph in cargo's metadata also has what only other packages' features and tests need.
fn reach(root: &Path, package: &str) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--package",
            package,
        ])
        .current_dir(root)
        .output()
        .expect("cargo prints its tree");
    assert!(tree.status.success(), "cargo tree: {}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).expect("names are UTF-8");
    text.lines().skip(1).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn external(package: &Package) -> External {
    External {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
pub mod samples {
    //! Packages for the tests of a rule.

    use super::{Dependency, Member};

    /// A member in `dir` that depends on packages of ours (given as folders) and on others (given as names).
    pub fn member(dir: &str, dependencies: &[&str]) -> Member {
        let dependencies = dependencies.iter().map(|name| dependency(name)).collect();
        Member { dir: dir.to_owned(), dependencies, ..Member::default() }
    }

    pub fn dependency(name: &str) -> Dependency {
        let is_ours = name.contains('/');
        Dependency { name: name.to_owned(), dir: is_ours.then(|| name.to_owned()), for_tests: false }
    }
}
