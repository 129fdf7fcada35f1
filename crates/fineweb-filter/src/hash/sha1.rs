//! SHA-1 (FIPS 180-4), here to name shingles as FineWeb does; it protects nothing.
//!
//! Only the first eight bytes of a digest are wanted, of very many short messages. So messages of one block are
//! hashed [`LANES`] at a time, each round on all of them: plain loops over arrays, which become vector code.
#![allow(
    clippy::inline_always,
    reason = "what is not inlined is not compiled for the features of its caller"
)]
#![allow(clippy::needless_range_loop, reason = "a lane indexes several arrays at once")]

/// Messages hashed side by side: what fills AVX2.
pub(crate) const LANES: usize = 8;

/// Longest message that fits a single block, beside its end mark and its length.
pub(crate) const ONE_BLOCK: usize = 55;

const START: [u32; 5] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];

type Lanes = [u32; LANES];

/// First eight bytes of the digest of `data`, read as a little-endian number.
pub(crate) fn sha1_prefix(data: &[u8]) -> u64 {
    let mut state = START.map(|word| [word; 1]);
    let mut blocks = data.chunks_exact(64);
    for block in &mut blocks {
        compress(&mut state, words(block));
    }
    let rest = blocks.remainder();
    let mut tail = [0; 128];
    tail[..rest.len()].copy_from_slice(rest);
    tail[rest.len()] = 0x80;
    let end = if rest.len() <= ONE_BLOCK { 64 } else { 128 };
    tail[end - 8..end].copy_from_slice(&(data.len() as u64 * 8).to_be_bytes());
    for block in tail[..end].chunks_exact(64) {
        compress(&mut state, words(block));
    }
    prefix(state[0][0], state[1][0])
}

/// The same for several messages of at most [`ONE_BLOCK`] bytes each.
#[inline(always)]
pub(crate) fn sha1_prefixes(messages: [&[u8]; LANES]) -> [u64; LANES] {
    let mut block: [Lanes; 16] = [[0; LANES]; 16];
    for (lane, message) in messages.into_iter().enumerate() {
        let mut padded = [0; 64];
        padded[..message.len()].copy_from_slice(message);
        padded[message.len()] = 0x80;
        padded[62..].copy_from_slice(&(message.len() as u16 * 8).to_be_bytes());
        for (word, [bytes]) in block.iter_mut().zip(words(&padded)) {
            word[lane] = bytes;
        }
    }
    let mut state = START.map(|word| [word; LANES]);
    compress(&mut state, block);
    std::array::from_fn(|lane| prefix(state[0][lane], state[1][lane]))
}

#[inline(always)]
fn prefix(first: u32, second: u32) -> u64 {
    u64::from(second.swap_bytes()) << 32 | u64::from(first.swap_bytes())
}

#[inline(always)]
fn words(block: &[u8]) -> [[u32; 1]; 16] {
    let (words, _) = block.as_chunks::<4>();
    std::array::from_fn(|at| [u32::from_be_bytes(words[at])])
}

#[inline(always)]
fn compress<const N: usize>(state: &mut [[u32; N]; 5], mut w: [[u32; N]; 16]) {
    let mut working = *state;
    rounds(&mut working, &mut w, 0, 0x5a827999, |b, c, d| (b & c) | (!b & d));
    rounds(&mut working, &mut w, 20, 0x6ed9eba1, |b, c, d| b ^ c ^ d);
    rounds(&mut working, &mut w, 40, 0x8f1bbcdc, |b, c, d| (b & c) | (d & (b | c)));
    rounds(&mut working, &mut w, 60, 0xca62c1d6, |b, c, d| b ^ c ^ d);
    for (sum, value) in state.iter_mut().zip(working) {
        for lane in 0..N {
            sum[lane] = sum[lane].wrapping_add(value[lane]);
        }
    }
}

/// Twenty rounds from number `first` on; `w` holds the sixteen latest words of the schedule.
#[inline(always)]
fn rounds<const N: usize>(
    state: &mut [[u32; N]; 5],
    w: &mut [[u32; N]; 16],
    first: usize,
    constant: u32,
    choose: impl Fn(u32, u32, u32) -> u32,
) {
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for t in first..first + 20 {
        if t >= 16 {
            for lane in 0..N {
                let mixed = w[(t + 13) % 16][lane] ^ w[(t + 8) % 16][lane] ^ w[(t + 2) % 16][lane];
                w[t % 16][lane] = (mixed ^ w[t % 16][lane]).rotate_left(1);
            }
        }
        let mut next = [0; N];
        for lane in 0..N {
            next[lane] = a[lane]
                .rotate_left(5)
                .wrapping_add(choose(b[lane], c[lane], d[lane]))
                .wrapping_add(e[lane])
                .wrapping_add(constant)
                .wrapping_add(w[t % 16][lane]);
        }
        (e, d, c, b, a) = (d, c, b.map(|word| word.rotate_left(30)), a, next);
    }
    *state = [a, b, c, d, e];
}

#[cfg(test)]
mod tests {
    use super::{LANES, ONE_BLOCK, sha1_prefix, sha1_prefixes};

    #[test]
    fn standard_vectors() {
        let prefix = |digest: u64| digest.swap_bytes();
        assert_eq!(sha1_prefix(b""), prefix(0xda39a3ee5e6b4b0d));
        assert_eq!(sha1_prefix(b"abc"), prefix(0xa9993e364706816a));
        let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(sha1_prefix(two_blocks), prefix(0x84983e441c3bd26e));
    }

    #[test]
    fn messages_side_by_side_are_messages_one_by_one() {
        let text: Vec<u8> = (0..=255).collect();
        for shift in 0..40 {
            let messages =
                std::array::from_fn(|lane| &text[lane * 20..][..(shift + lane * 7) % (ONE_BLOCK + 1)]);
            let expected: [u64; LANES] = messages.map(sha1_prefix);
            assert_eq!(sha1_prefixes(messages), expected);
        }
    }
}
