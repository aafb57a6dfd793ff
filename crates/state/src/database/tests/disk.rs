//! The database on RocksDB: what only files can show.

use std::{
    fs::{self, File},
    io::{Read, Write},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use tempfile::TempDir;

use super::{catch_up, commit, database, options, reads::check_state, small_rocks};
use crate::{
    Batch, Database, Durability, Error, KeyValue, Mode, Options, PruneStep, Retention, Rocks, RocksOptions,
    Table,
    testing::{Chain, commits},
};

fn open(path: &Path) -> Result<Rocks, Error> {
    Rocks::open(path, &small_rocks())
}

fn reopen(path: &Path, mode: Mode) -> Database {
    Database::open(Arc::new(open(path).unwrap()), options(mode)).unwrap()
}

/// A database of `blocks` blocks, closed again.
fn filled(seed: u64, blocks: usize, mode: Mode) -> (Chain, TempDir) {
    let folder = TempDir::new().unwrap();
    let mut chain = Chain::new(seed);
    chain.extend(blocks);
    catch_up(&database(Arc::new(open(folder.path()).unwrap()), &chain, options(mode)), &chain);
    (chain, folder)
}

fn verify(database: &Database) -> Result<(), Error> {
    database.verify(&mut |_| ControlFlow::Continue(())).map(drop)
}

/// Moves everything from memtables into files, to the bottom level.
fn flush(database: &Database) {
    database.compact(&mut |_| ControlFlow::Continue(())).unwrap();
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    File::options().read(true).open(path).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    let file = File::options().write(true).create(true).truncate(true).open(path);
    file.unwrap().write_all(bytes.as_ref()).unwrap();
}

fn files(folder: &Path, suffix: &str) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(suffix)).collect();
    files.sort();
    files
}

#[test]
fn reopened_database_goes_on_where_it_ended() {
    for mode in [Mode::Archive, Mode::Minimal] {
        let (mut chain, folder) = filled(100, 90, mode);
        let again = reopen(folder.path(), mode);
        verify(&again).unwrap();
        for number in [90, 80, 40, 26] {
            check_state(&again.at(number).unwrap(), chain.state(number));
        }
        chain.extend(10);
        catch_up(&again, &chain);
        check_state(&again.latest(), chain.state(100));
    }
}

#[test]
fn second_opening_is_refused_as_locked() {
    let (_, folder) = filled(101, 1, Mode::Full);
    let first = open(folder.path()).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn folders_of_others_are_refused_with_a_remedy() {
    let folder = TempDir::new().unwrap();
    write(folder.path().join("diary.txt"), "dear diary");
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(&error, Error::Foreign(text) if text.contains("name an empty folder")), "{error}");
    let missing = RocksOptions { create: false, ..small_rocks() };
    let error = Rocks::open(&folder.path().join("none"), &missing).unwrap_err();
    assert!(matches!(&error, Error::Foreign(text) if text.contains("holds no database")), "{error}");
}

#[test]
fn history_beyond_the_window_leaves_the_disk() {
    let folder = TempDir::new().unwrap();
    let mut chain = Chain::new(102);
    chain.extend(200);
    let retention = Retention { bodies: Some(20), history: Some(50), sidecars: None };
    let options = Options { retention: Some(retention), ring_bytes: 0, ..options(Mode::Full) };
    let database = database(Arc::new(open(folder.path()).unwrap()), &chain, options.clone());
    catch_up(&database, &chain);
    flush(&database);
    let rows = |database: &Database, table| database.key_value().stats(table).unwrap().rows;
    let before = rows(&database, Table::AccountHistory);
    while database.prune(PruneStep { blocks: 30, slack: 0 }).unwrap().more {}
    flush(&database);
    assert!(rows(&database, Table::AccountHistory) < before / 2);
    assert_eq!(rows(&database, Table::Bodies), 21);
    verify(&database).unwrap();
    drop(database);
    let database = Database::open(Arc::new(open(folder.path()).unwrap()), options).unwrap();
    for number in 150..=200 {
        check_state(&database.at(number).unwrap(), chain.state(number));
    }
}

#[test]
fn index_entries_merge_across_files_and_levels() {
    let folder = TempDir::new().unwrap();
    let mut chain = Chain::new(103);
    let database = database(Arc::new(open(folder.path()).unwrap()), &chain, options(Mode::Full));
    for _ in 0..4 {
        chain.extend(30);
        catch_up(&database, &chain);
        flush(&database);
    }
    verify(&database).unwrap();
}

#[test]
fn checkpoint_is_a_database_of_its_moment() {
    let (mut chain, folder) = filled(104, 40, Mode::Full);
    let copies = TempDir::new().unwrap();
    let path = copies.path().join("copy");
    let database = reopen(folder.path(), Mode::Full);
    database.checkpoint(&path).unwrap();
    assert!(matches!(database.checkpoint(&path), Err(Error::Storage { .. })));
    chain.extend(10);
    catch_up(&database, &chain);
    let copy = reopen(&path, Mode::Full);
    assert_eq!((copy.head().number, database.head().number), (40, 50));
    check_state(&copy.latest(), chain.state(40));
    verify(&copy).unwrap();
    catch_up(&copy, &chain);
    assert_eq!(copy.head(), database.head());
}

#[test]
fn flipped_bit_in_a_file_is_found_and_the_file_named() {
    let (_, folder) = filled(105, 60, Mode::Archive);
    flush(&reopen(folder.path(), Mode::Archive));
    let mut found = 0;
    for file in files(folder.path(), ".sst") {
        let bytes = read(&file);
        let mut changed = bytes.clone();
        changed[bytes.len() / 3] ^= 0x10;
        write(&file, &changed);
        let result = open(folder.path()).and_then(|kv| {
            let database = Database::open(Arc::new(kv), options(Mode::Archive))?;
            verify(&database)
        });
        if let Err(error) = result {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                matches!(&error, Error::Storage { reason, .. } if reason.contains(&name)),
                "{name}: {error}"
            );
            found += 1;
        }
        write(&file, &bytes);
    }
    // A bit in what is not read, as a filter's padding, harms nobody.
    let all = files(folder.path(), ".sst").len();
    assert!(found * 10 >= all * 9, "{found} of {all}");
}

#[test]
fn log_without_a_committed_block_is_refused_with_a_remedy() {
    let (mut chain, folder) = filled(106, 5, Mode::Full);
    let database = reopen(folder.path(), Mode::Full);
    chain.extend(3);
    for block in commits(&database, chain.after(5)) {
        database.commit(&block, Durability::Synced).unwrap();
    }
    drop(database);
    let log = files(folder.path(), ".log").pop().unwrap();
    let bytes = read(&log);
    let check = |log_bytes: &[u8]| {
        write(&log, log_bytes);
        let error = open(folder.path()).unwrap_err();
        let Error::Storage { reason, .. } = &error else { panic!("{error}") };
        for words in ["block 8", "cut or damaged", "anchor", "must not vote"] {
            assert!(reason.contains(words), "{words:?} is not in {reason}");
        }
    };
    // Opening moves the log's rows into files, so each case needs the folder as it was.
    let saved = TempDir::new().unwrap();
    copy(folder.path(), saved.path());
    check(&bytes[..bytes.len() * 9 / 10]);
    restore(saved.path(), folder.path());
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    check(&flipped);
    restore(saved.path(), folder.path());
    check_state(&reopen(folder.path(), Mode::Full).latest(), chain.state(8));
    restore(saved.path(), folder.path());
    write(&log, &bytes[..bytes.len() * 9 / 10]);
    fs::remove_file(folder.path().join("anchor")).unwrap();
    let database = reopen(folder.path(), Mode::Full);
    assert!(database.head().number < 8);
    verify(&database).unwrap();
    catch_up(&database, &chain);
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn restore(from: &Path, to: &Path) {
    for entry in fs::read_dir(to).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    copy(from, to);
}

#[test]
fn torn_tail_of_unsynced_blocks_is_no_error() {
    let (chain, folder) = filled(107, 20, Mode::Full);
    let log = files(folder.path(), ".log").pop().unwrap();
    let bytes = read(&log);
    write(&log, &bytes[..bytes.len() / 2]);
    let database = reopen(folder.path(), Mode::Full);
    let head = database.head().number;
    assert!(head < 20);
    check_state(&database.latest(), chain.state(head));
    verify(&database).unwrap();
    catch_up(&database, &chain);
    check_state(&database.latest(), chain.state(20));
}

#[test]
fn scans_seeks_and_cursors_cross_prefixes() {
    let folder = TempDir::new().unwrap();
    let kv = open(folder.path()).unwrap();
    for table in [Table::Slots, Table::SlotTrie, Table::AccountHistory, Table::SlotHistory, Table::Meta] {
        let key = |first: u8, last: u8| [vec![first; 63], vec![last]].concat();
        let keys = [key(1, 1), key(1, 2), key(2, 0), key(0xff, 0xff)];
        let mut batch = Batch::default();
        for row in &keys {
            batch.put(table, row, b"value");
        }
        kv.write(batch, Durability::Buffered).unwrap();
        for flushed in [false, true] {
            if flushed {
                kv.compact(table).unwrap();
            }
            let mut seen = Vec::new();
            kv.scan(table, &[], None, &mut |key, _| {
                seen.push(key.to_vec());
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(seen, keys, "{}", table.name());
            let mut cursor = kv.cursor(table);
            let found = cursor.seek(&key(1, 3)).unwrap().map(|(key, _)| key.to_vec());
            assert_eq!(found.as_ref(), Some(&keys[2]), "{}", table.name());
            assert_eq!(cursor.next().unwrap().map(|(key, _)| key.to_vec()).as_ref(), Some(&keys[3]));
            assert_eq!(cursor.next().unwrap(), None);
            for prefix in [20, 32, 52] {
                let found = kv.seek(table, &key(1, 2), prefix).unwrap().map(|(key, _)| key);
                assert_eq!(found.as_ref(), Some(&keys[1]), "{} {prefix}", table.name());
                assert_eq!(kv.seek(table, &key(1, 3), prefix), Ok(None));
                let last = kv.seek(table, &key(0xff, 0), prefix).unwrap().map(|(key, _)| key);
                assert_eq!(last.as_ref(), Some(&keys[3]));
            }
        }
    }
}

#[test]
fn readers_go_on_while_blocks_commit() {
    let folder = TempDir::new().unwrap();
    let mut chain = Chain::new(108);
    let database = database(Arc::new(open(folder.path()).unwrap()), &chain, options(Mode::Archive));
    chain.extend(150);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    while database.head().number < 150 {
                        let view = database.latest();
                        check_state(&view, chain.state(view.number()));
                    }
                })
            })
            .collect();
        for block in chain.after(0) {
            commit(&database, block);
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}
