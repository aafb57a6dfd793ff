//! The files of the repository.

use std::{fs, path::Path, process::Command};

use crate::rust::Source;

/// Every file that git tracks or would track, with its text.
pub struct Tree {
    pub files: Vec<File>,
}

/// One file.
pub struct File {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Content, when it is UTF-8 without NUL bytes.
    pub text: Option<String>,
    /// The parts of a Rust file.
    pub rust: Option<Source>,
}

impl Tree {
    /// Reads the tracked files and the untracked ones that git does not ignore.
    pub fn load(root: &Path) -> Self {
        let git = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .expect("git lists the repository's files");
        assert!(git.status.success(), "git ls-files: {}", String::from_utf8_lossy(&git.stderr));
        let listing = String::from_utf8(git.stdout).expect("paths are UTF-8");
        let mut paths: Vec<_> = listing.split_terminator('\0').collect();
        paths.sort_unstable();
        paths.dedup();
        // A file deleted but not yet staged is listed and absent.
        let read = |path: &&str| Some(((*path).to_owned(), fs::read(root.join(path)).ok()?));
        Self::new(paths.iter().filter_map(read))
    }

    /// A tree of given texts, for the tests of a rule.
    pub fn sample(files: &[(&str, &str)]) -> Self {
        Self::new(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())))
    }

    fn new(files: impl Iterator<Item = (String, Vec<u8>)>) -> Self {
        let mut files: Vec<_> = files.map(|(path, bytes)| File::new(path, bytes)).collect();
        let test_modules: Vec<String> = files
            .iter()
            .filter_map(|file| Some(file.rust.as_ref()?.test_modules(&file.path)))
            .flatten()
            .collect();
        for file in &mut files {
            let Some(rust) = &mut file.rust else { continue };
            if is_test_path(&file.path) || test_modules.iter().any(|module| file.path.starts_with(module)) {
                rust.mark_all_as_test();
            }
        }
        Self { files }
    }

    /// The Rust files, with their parts.
    pub fn rust(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?)))
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    fn new(path: String, bytes: Vec<u8>) -> Self {
        let size = u64::try_from(bytes.len()).unwrap();
        let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
        let is_rust = Path::new(&path).extension().is_some_and(|extension| extension == "rs");
        let rust = text.as_deref().filter(|_| is_rust).map(Source::parse);
        Self { path, bytes: size, text, rust }
    }

    /// Numbered lines of a text file, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.as_deref().unwrap_or_default().split('\n').zip(1..).map(|(line, number)| (number, line))
    }
}

/// True for folders whose files are compiled for tests, benchmarks, examples or fuzzing alone.
fn is_test_path(path: &str) -> bool {
    path.starts_with("tests/")
        || path.starts_with("fuzz/")
        || path.contains("/tests/")
        || path.contains("/benches/")
        || path.contains("/examples/")
        || path.ends_with("/tests.rs")
}
