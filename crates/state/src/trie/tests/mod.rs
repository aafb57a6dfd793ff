//! The trie against a full rebuild: every kind of trie at once, on crafted and random changes.

mod faults;
mod proofs;
mod random;
mod scenarios;
mod world;
