//! The fork id of EIP-2124: which chain, and which forks of it have passed.

use std::ops::AddAssign;

use alloy_eips::eip2124::ForkHash;
use alloy_primitives::B256;

use crate::ForkSchedule;

/// A checksum over the genesis hash and the forks passed, and the next fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForkId {
    /// CRC-32 over the genesis hash and every fork passed, big-endian.
    pub hash: [u8; 4],
    /// Block number or timestamp of the next fork; 0 when none is known.
    pub next: u64,
}

impl ForkId {
    /// The fork id of a chain whose head has this number and timestamp.
    pub fn new(
        forks: &ForkSchedule,
        genesis_hash: B256,
        genesis_time: u64,
        number: u64,
        timestamp: u64,
    ) -> Self {
        let (blocks, times) = forks.id_points(genesis_time);
        let points =
            blocks.into_iter().map(|at| (at, number)).chain(times.into_iter().map(|at| (at, timestamp)));
        let mut hash = ForkHash::from(genesis_hash);
        for (at, head) in points {
            if at > head {
                return Self { hash: hash.0, next: at };
            }
            hash.add_assign(at);
        }
        Self { hash: hash.0, next: 0 }
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{U256, b256, hex};

    use super::*;
    use crate::{Activation::*, Fork};

    /// Ethereum's mainnet up to Cancun; the expected ids are the examples of EIP-2124 and EIP-6122's tests in geth.
    fn mainnet() -> ForkSchedule {
        ForkSchedule::new(
            [
                (Fork::Homestead, Block(1_150_000)),
                (Fork::TangerineWhistle, Block(2_463_000)),
                (Fork::SpuriousDragon, Block(2_675_000)),
                (Fork::Byzantium, Block(4_370_000)),
                (Fork::Constantinople, Block(7_280_000)),
                (Fork::Petersburg, Block(7_280_000)),
                (Fork::Istanbul, Block(9_069_000)),
                (Fork::MuirGlacier, Block(9_200_000)),
                (Fork::Berlin, Block(12_244_000)),
                (Fork::London, Block(12_965_000)),
                (Fork::ArrowGlacier, Block(13_773_000)),
                (Fork::GrayGlacier, Block(15_050_000)),
                (Fork::Paris, TotalDifficulty(U256::from(58_750_000_000_000_000_000_000u128))),
                (Fork::Shanghai, Timestamp(1_681_338_455)),
                (Fork::Cancun, Timestamp(1_710_338_135)),
            ],
            Some(1_920_000),
            vec![],
        )
        .unwrap()
    }

    #[test]
    fn mainnet_ids() {
        let genesis = b256!("0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3");
        let rows = [
            (0, 0, hex!("fc64ec04"), 1_150_000),
            (1_149_999, 0, hex!("fc64ec04"), 1_150_000),
            (1_150_000, 0, hex!("97c2c34c"), 1_920_000),
            (1_920_000, 0, hex!("91d1f948"), 2_463_000),
            (2_463_000, 0, hex!("7a64da13"), 2_675_000),
            (2_675_000, 0, hex!("3edd5b10"), 4_370_000),
            (4_370_000, 0, hex!("a00bc324"), 7_280_000),
            (7_280_000, 0, hex!("668db0af"), 9_069_000),
            (9_069_000, 0, hex!("879d6e30"), 9_200_000),
            (9_200_000, 0, hex!("e029e991"), 12_244_000),
            (12_244_000, 0, hex!("0eb440f6"), 12_965_000),
            (12_965_000, 0, hex!("b715077d"), 13_773_000),
            (13_773_000, 0, hex!("20c327fc"), 15_050_000),
            (15_050_000, 0, hex!("f0afd0e3"), 1_681_338_455),
            (20_000_000, 1_681_338_455, hex!("dce96c2d"), 1_710_338_135),
            (20_000_000, 1_710_338_135, hex!("9f3d2254"), 0),
        ];
        for (number, timestamp, hash, next) in rows {
            let id = ForkId::new(&mainnet(), genesis, 0, number, timestamp);
            assert_eq!(id, ForkId { hash, next }, "block {number}");
        }
    }
}
