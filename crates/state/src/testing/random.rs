//! Seeded numbers: `SplitMix64` (Steele, Lea, Flood 2014), the same on every machine.

use alloy_primitives::{Address, B256, U256};

pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is not 0.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).expect("bound is not 0")
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }

    /// An address of `count` different ones.
    pub(crate) fn address(&mut self, count: u8) -> Address {
        Address::with_last_byte(u8::try_from(self.below(count.into())).unwrap())
    }

    /// True once in `n` times.
    pub(crate) const fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn hash(&mut self) -> B256 {
        let mut bytes = [0; 32];
        for chunk in bytes.as_chunks_mut::<8>().0 {
            *chunk = self.next().to_be_bytes();
        }
        B256::new(bytes)
    }

    /// A number of random length, never zero.
    pub(crate) fn amount(&mut self) -> U256 {
        let bits = self.index(256);
        U256::from_be_bytes(self.hash().0).wrapping_shr(bits) | U256::ONE
    }
}
