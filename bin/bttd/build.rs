//! Facts about the build for `bttd --version`: commit, profile, compiler. Asks git and rustc, never the network.

use std::{env, process::Command};

fn main() {
    let commit = output("git", &["rev-parse", "--short=10", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    // Files that git does not know do not change the program.
    let status = output("git", &["status", "--porcelain", "--untracked-files=no"]);
    let dirty = match status.as_deref() {
        None | Some("") => "",
        Some(_) => "-dirty",
    };
    let rustc = env::var("RUSTC").ok().and_then(|rustc| output(&rustc, &["--version"]));
    let facts = [
        ("BUILD_COMMIT", format!("{commit}{dirty}")),
        ("BUILD_PROFILE", env::var("PROFILE").unwrap_or_default()),
        ("BUILD_TARGET", env::var("TARGET").unwrap_or_default()),
        ("BUILD_RUSTC", rustc.unwrap_or_default()),
    ];
    let mut directives: Vec<String> =
        facts.iter().map(|(name, value)| format!("cargo::rustc-env={name}={value}")).collect();
    for path in ["HEAD", "index"] {
        let path = output("git", &["rev-parse", "--path-format=absolute", "--git-path", path]);
        directives.extend(path.map(|path| format!("cargo::rerun-if-changed={path}")));
    }
    directives.push("cargo::rerun-if-changed=build.rs".to_owned());
    write(&directives.join("\n"));
}

/// Build scripts talk to cargo on stdout.
fn write(directives: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{directives}").expect("cargo reads what its build script writes");
}

/// The trimmed output of a command that succeeds.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
