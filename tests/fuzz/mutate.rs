//! Changes to samples: small ones that stay near the format, and lies about lengths.

/// A reproducible stream of mutations.
pub struct Mutations {
    state: u64,
}

impl Mutations {
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// One of `samples` after one to four changes.
    pub fn of(&mut self, samples: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = samples[self.below(samples.len())].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut bytes, samples);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>, samples: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + 1 + self.below(16)).min(bytes.len());
        let at = at.min(end);
        match self.below(9) {
            0 if at < end => bytes[at] ^= 1 << self.below(8),
            1 if at < end => bytes[at] = self.byte(),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => bytes.insert(at, self.byte()),
            5 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            6 => {
                let other = &samples[self.below(samples.len())];
                let from = self.below(other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
            7 => {
                let lie = self.length_prefix();
                bytes.splice(at..end.min(at + lie.len()), lie);
            }
            _ if at < end => bytes[at] = bytes[at].wrapping_add(if self.below(2) == 0 { 1 } else { 0xff }),
            _ => bytes.push(self.byte()),
        }
    }

    /// An RLP prefix that promises up to 2^64 bytes, minimal or not.
    fn length_prefix(&mut self) -> Vec<u8> {
        let width = 1 + self.below(8);
        let base = if self.below(2) == 0 { 0xb7 } else { 0xf7 };
        let mut prefix = vec![base + u8::try_from(width).unwrap()];
        prefix.extend((0..width).map(|_| self.byte()));
        prefix
    }

    /// Bytes at the edges of RLP's ranges come up more often.
    fn byte(&mut self) -> u8 {
        const EDGES: &[u8] = &[0x00, 0x01, 0x7f, 0x80, 0x81, 0xb7, 0xb8, 0xbf, 0xc0, 0xc1, 0xf7, 0xf8, 0xff];
        match self.below(2) {
            0 => EDGES[self.below(EDGES.len())],
            _ => self.next().to_le_bytes()[0],
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.next() % bound.max(1)).unwrap()
    }

    /// splitmix64 (Steele, Lea, Flood 2014).
    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
