//! The random numbers of `numpy.random.RandomState`, by which FineWeb chose its hash functions.

const N: usize = 624;
const M: usize = 397;

/// Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded as numpy seeds it.
pub(super) struct RandomState {
    state: [u32; N],
    at: usize,
}

impl RandomState {
    pub(super) fn new(seed: u32) -> Self {
        let mut state = [seed; N];
        for i in 1..N {
            let last = state[i - 1];
            state[i] = 1_812_433_253u32.wrapping_mul(last ^ (last >> 30)).wrapping_add(i as u32);
        }
        Self { state, at: N }
    }

    fn twist(&mut self) {
        for i in 0..N {
            let joined = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[i] = self.state[(i + M) % N] ^ (joined >> 1) ^ odd;
        }
        self.at = 0;
    }

    fn next_u32(&mut self) -> u32 {
        if self.at == N {
            self.twist();
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// `randint(low, high, dtype=uint64)` for ranges beyond 32 bits: draws under a mask until one fits.
    pub(super) fn randint(&mut self, low: u64, high: u64) -> u64 {
        let range = high - low - 1;
        let mask = u64::MAX >> range.leading_zeros();
        loop {
            let (upper, lower) = (self.next_u32(), self.next_u32());
            let value = (u64::from(upper) << 32 | u64::from(lower)) & mask;
            if value <= range {
                return low + value;
            }
        }
    }
}
