//! A disk without space left.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    chain_maker::Chain,
    run::{bttd, head, import},
};

/// A small file system in memory, unmounted at the end.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir(path).unwrap();
        mount(path, &format!("size={mebibytes}m")).then(|| Self(path.to_owned()))
    }

    fn grow(&self, mebibytes: u32) {
        assert!(mount(&self.0, &format!("remount,size={mebibytes}m")), "remount");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount(path: &Path, options: &str) -> bool {
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path).output();
    mount.is_ok_and(|output| output.status.success())
}

#[test]
fn full_disk_is_9_loses_nothing_and_the_import_goes_on() {
    let chain = Chain::with_calldata(100, 400_000);
    let Some(disk) = SmallDisk::mount(&chain.datadir("disk"), 24) else {
        let _ = writeln!(std::io::stderr(), "SKIPPED full_disk: needs the right to mount a tmpfs");
        return;
    };
    let datadir = disk.0.join("d");
    let ended = import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(9);
    ended.says(&["No space left on device", "hint: free space on that disk and run the same command again"]);

    disk.grow(400);
    let (number, hash) = head(&datadir);
    assert!(number < 100);
    assert_eq!(hash, chain.hash(usize::try_from(number).unwrap()).to_string());
    let report = import(&datadir, &chain.genesis_path(), &[&chain.path()]).code(0).json();
    assert_eq!(
        (&report["head"]["hash"], &report["skipped"]),
        (&chain.hash(100).to_string().into(), &number.into())
    );
    bttd(&["db", "verify", "--datadir", datadir.to_str().unwrap()]).code(0);
}
