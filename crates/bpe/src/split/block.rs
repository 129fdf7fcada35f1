//! Text, 64 bytes at a time, as sets of bits: a scanner that asks where runs begin asks 64 bytes in a few operations.

use std::mem;

use wide::u8x16;

use super::class::{CLASSES, Classes, LETTER, NUMBER, SPACE, SYMBOL, Set};

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;

/// Bit `i` of each set speaks of byte `i`. A character of several bytes has its class at each of them; behind the end of
/// the text no set has a bit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    /// `\p{L}`
    pub(super) letter: u64,
    /// `\p{N}`
    pub(super) number: u64,
    /// `[^\s\p{L}\p{N}]`
    pub(super) symbol: u64,
    /// `[\r\n]`
    pub(super) newline: u64,
    /// `\s`
    pub(super) white: u64,
    /// First bytes of characters.
    pub(super) lead: u64,
    /// `' '`, which some patterns tell from other white space.
    pub(super) space: u64,
    /// `'`, which begins contractions.
    pub(super) apostrophe: u64,
}

impl Block {
    /// A block of ASCII, and the set of the bytes that are none.
    #[inline]
    fn ascii(bytes: &[u8; BLOCK]) -> (Self, u64) {
        let (quarters, _) = bytes.as_chunks::<16>();
        let (mut block, mut foreign) = (Self { lead: u64::MAX, ..Self::default() }, 0);
        for (at, &quarter) in quarters.iter().enumerate() {
            let bytes = u8x16::new(quarter);
            let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
            let within = |bytes: u8x16, first: u8, last: u8| {
                (bytes - u8x16::splat(first)).simd_le(u8x16::splat(last - first))
            };
            let here = |set: u8x16| u64::from(set.to_bitmask()) << (16 * at);
            let space = is(b' ');
            block.letter |= here(within(bytes | u8x16::splat(0x20), b'a', b'z'));
            block.number |= here(within(bytes, b'0', b'9'));
            block.newline |= here(is(b'\n') | is(b'\r'));
            block.white |= here(within(bytes, b'\t', b'\r') | space);
            block.space |= here(space);
            block.apostrophe |= here(is(b'\''));
            foreign |= here(bytes);
        }
        block.symbol = !(block.letter | block.number | block.white | foreign);
        if foreign != 0 {
            block.lead = leads(bytes);
        }
        (block, foreign)
    }
}

/// First bytes of characters: all but those that continue one.
fn leads(bytes: &[u8; BLOCK]) -> u64 {
    let (quarters, _) = bytes.as_chunks::<16>();
    let inner = quarters.iter().enumerate().map(|(at, &quarter)| {
        let bits = u8x16::new(quarter) & u8x16::splat(0xc0);
        u64::from(bits.simd_eq(u8x16::splat(0x80)).to_bitmask()) << (16 * at)
    });
    !inner.fold(0, |all, here| all | here)
}

/// The blocks of a text, one after the other.
pub(super) struct Blocks<'t> {
    text: &'t [u8],
    at: usize,
    /// Number of the class of a character that began in the block before, and how many of its bytes are still to come.
    begun: (usize, usize),
}

impl<'t> Blocks<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0, begun: (0, 0) }
    }

    /// The next block; behind the end of the text an empty one.
    #[inline]
    pub(super) fn next(&mut self) -> Block {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (mut block, foreign) = match rest.first_chunk() {
            Some(bytes) => Block::ascii(bytes),
            None => last(rest),
        };
        if foreign != 0 {
            self.place(&mut block, foreign);
        }
        self.at += BLOCK;
        block
    }

    /// Sets the classes of characters that are not ASCII.
    fn place(&mut self, block: &mut Block, foreign: u64) {
        let classes: &Classes = &CLASSES;
        // by the class's bit: a place in a table, not a branch that would often be guessed wrong
        let mut sets = [0; 8];
        let (class, bytes) = mem::take(&mut self.begun);
        sets[class] = (1 << bytes) - 1;
        for at in bits(foreign & block.lead) {
            let (character, width) = character(&self.text[self.at + at..]);
            let class = classes.of(character).trailing_zeros() as usize % 8;
            sets[class] |= ((1 << width) - 1) << at;
            if at + width > BLOCK {
                self.begun = (class, at + width - BLOCK);
            }
        }
        let of =
            |set: Set| (0..8).filter(|class| set >> class & 1 == 1).fold(0, |all, class| all | sets[class]);
        block.letter |= of(LETTER);
        block.number |= of(NUMBER);
        block.symbol |= of(SYMBOL);
        block.white |= of(SPACE);
    }
}

/// The block of the last bytes.
#[cold]
fn last(rest: &[u8]) -> (Block, u64) {
    let mut bytes = [0; BLOCK];
    bytes[..rest.len()].copy_from_slice(rest);
    let (mut block, foreign) = Block::ascii(&bytes);
    let text = (1 << rest.len()) - 1;
    block.symbol &= text;
    block.lead &= text;
    (block, foreign)
}

/// The character of two bytes or more that valid UTF-8 begins with, and its width.
#[inline]
fn character(bytes: &[u8]) -> (u32, usize) {
    let low = |byte: u8| u32::from(byte & 0x3f);
    match *bytes {
        [a, b, ..] if a < 0xe0 => (u32::from(a & 0x1f) << 6 | low(b), 2),
        [a, b, c, ..] if a < 0xf0 => (u32::from(a & 0x0f) << 12 | low(b) << 6 | low(c), 3),
        [a, b, c, d, ..] => (u32::from(a & 0x07) << 18 | low(b) << 12 | low(c) << 6 | low(d), 4),
        _ => (0, 1),
    }
}

/// What is set one byte earlier; `previous` is the same set of the block before.
#[inline]
pub(super) fn after(now: u64, previous: u64) -> u64 {
    now << 1 | previous >> 63
}

/// What is set one byte later; `next` is the same set of the block behind.
#[inline]
pub(super) fn before(now: u64, next: u64) -> u64 {
    now >> 1 | next << 63
}

/// The numbers of the bits that are set, smallest first.
#[inline]
pub(super) fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = set.trailing_zeros() as usize;
        set &= set.wrapping_sub(1);
        (at < BLOCK).then_some(at)
    })
}

/// Three blocks in a row, of which the middle one is looked at.
pub(super) struct Window<'t> {
    pub(super) text: &'t str,
    /// Where `now` begins in the text.
    pub(super) at: usize,
    pub(super) previous: Block,
    pub(super) now: Block,
    pub(super) next: Block,
}

impl Window<'_> {
    /// The last characters before something other than white space, of those in a set of white space.
    #[inline]
    pub(super) fn last_of(&self, set: impl Fn(&Block) -> u64) -> u64 {
        let Self { now, next, .. } = self;
        let solid = |block: &Block| block.lead & !block.white;
        let mut here = set(now) & before(solid(now), solid(next));
        let mut there = set(next) & before(solid(next), 0);
        // from the last byte of a character to its first, of three
        for _ in 0..2 {
            let (inner, inner_there) = (here & !now.lead, there & !next.lead);
            if inner | inner_there == 0 {
                break;
            }
            here = here & now.lead | before(inner, inner_there);
            there = there & next.lead | before(inner_there, 0);
        }
        here
    }
}

/// Chunk ends that are handed on together.
const BATCH: usize = 256;
/// Chunks that most blocks begin no more of.
const USUAL: usize = 20;

/// Calls `batch` with the ends of chunks; `starts(window)` is the set of bytes of a block that begin a chunk.
#[inline]
pub(super) fn scan(text: &str, batch: &mut dyn FnMut(&[usize]), mut starts: impl FnMut(&Window<'_>) -> u64) {
    if text.is_empty() {
        return;
    }
    let mut ends = [0; BATCH];
    let mut count = 0;
    let mut blocks = Blocks::new(text);
    let now = blocks.next();
    let next = blocks.next();
    let mut window = Window { text, at: 0, previous: Block::default(), now, next };
    while window.at < text.len() {
        let mut set = starts(&window) & window.now.lead;
        if window.at == 0 {
            set &= !1;
        }
        // always so many, of which some are written over: a loop of a fixed length is not guessed wrong
        let more = count + set.count_ones() as usize;
        for _ in 0..USUAL {
            ends[count] = window.at + set.trailing_zeros() as usize;
            set &= set.wrapping_sub(1);
            count += 1;
        }
        for at in bits(set) {
            ends[count] = window.at + at;
            count += 1;
        }
        count = more;
        if count > BATCH - BLOCK - 1 {
            batch(&ends[..count]);
            count = 0;
        }
        window.at += BLOCK;
        window.previous = window.now;
        window.now = window.next;
        window.next = blocks.next();
    }
    ends[count] = text.len();
    batch(&ends[..=count]);
}
