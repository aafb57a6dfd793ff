//! The `bttd` program under test.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::root;

/// A command that runs the `bttd` of this work tree, with an environment that holds no setting of the caller's.
///
/// `COLUMNS` is fixed so that help texts wrap alike everywhere, and every `BTTD_*` variable is removed.
pub fn bttd() -> Command {
    let mut command = Command::new(bttd_path());
    command.env("COLUMNS", "100").env_remove("RUST_LOG");
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("BTTD_") {
            command.env_remove(name);
        }
    }
    command
}

/// Path of the program: `BTT_BIN` when it is set (`make test` builds once and sets it), else built here with cargo.
///
/// Building again costs a second when nothing changed, and a test never runs yesterday's program.
pub fn bttd_path() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match env::var_os("BTT_BIN") {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "BTT_BIN names {}, which is not a file", path.display());
            path
        }
        None => build(),
    })
}

/// Builds `bttd` into the folder that this test was built into.
fn build() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile_folder =
        test.parent().and_then(Path::parent).expect("a test lies in <target>/<profile>/deps");
    let profile = match profile_folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(name) => name,
        None => panic!("no profile in the path {}", test.display()),
    };
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--locked",
            "--workspace",
            "--bin",
            "bttd",
            "--profile",
            profile,
            "--target-dir",
        ])
        .arg(profile_folder.parent().unwrap())
        .current_dir(root())
        .status()
        .unwrap();
    assert!(status.success(), "cargo could not build bttd");
    profile_folder.join("bttd")
}
