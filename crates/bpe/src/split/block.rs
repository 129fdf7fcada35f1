//! Text, 64 bytes at a time, as sets of bits: a scanner that asks where runs begin asks 64 bytes in a few operations.

use wide::u8x16;

use super::class::{BLANK, CLASSES, LOWER, NEWLINE, NUMBER, OTHER, SPACE, Set, UPPER};

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;

/// Bit `i` of each set speaks of byte `i`. A character of several bytes has its class at each of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    /// By the number of the class's bit in a [`Set`].
    classes: [u64; 8],
    /// First bytes of characters. Behind the end of the text are none, and no classes.
    pub(super) lead: u64,
    /// `' '`, which some patterns tell from other blanks.
    pub(super) space: u64,
    /// `'`, which begins contractions.
    pub(super) apostrophe: u64,
}

impl Block {
    /// Bytes of the characters in `set`.
    #[inline(always)]
    pub(super) fn of(&self, set: Set) -> u64 {
        let mut bits = 0;
        for (class, &has) in self.classes.iter().enumerate() {
            if set >> class & 1 == 1 {
                bits |= has;
            }
        }
        bits
    }

    /// A block of ASCII, and the set of the bytes that are none.
    #[inline(always)]
    fn ascii(bytes: &[u8; BLOCK]) -> (Self, u64) {
        let (quarters, _) = bytes.as_chunks::<16>();
        let (mut block, mut foreign) = (Self { lead: u64::MAX, ..Self::default() }, 0);
        let (mut letter, mut lower, mut number, mut newline, mut white) = (0, 0, 0, 0, 0);
        for (at, &quarter) in quarters.iter().enumerate() {
            let bytes = u8x16::new(quarter);
            let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
            let within = |bytes: u8x16, first: u8, last: u8| {
                (bytes - u8x16::splat(first)).simd_le(u8x16::splat(last - first))
            };
            let here = |set: u8x16| u64::from(set.to_bitmask()) << (16 * at);
            let space = is(b' ');
            letter |= here(within(bytes | u8x16::splat(0x20), b'a', b'z'));
            lower |= here(bytes << 2u32);
            number |= here(within(bytes, b'0', b'9'));
            newline |= here(is(b'\n') | is(b'\r'));
            white |= here(within(bytes, b'\t', b'\r') | space);
            block.space |= here(space);
            block.apostrophe |= here(is(b'\''));
            foreign |= here(bytes);
        }
        for (class, bits) in [(UPPER, letter & !lower), (LOWER, letter & lower), (NUMBER, number), (NEWLINE, newline), (BLANK, white & !newline)] {
            block.classes[bit(class)] = bits;
        }
        block.classes[bit(OTHER)] = !(letter | number | white | foreign);
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
    /// Class of a character that began in the block before, and how many of its bytes are still to come.
    begun: (Set, usize),
}

impl<'t> Blocks<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0, begun: (OTHER, 0) }
    }

    /// The next block; behind the end of the text an empty one.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Block {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let (mut block, mut foreign) = match rest.first_chunk() {
            Some(bytes) => Block::ascii(bytes),
            None => last(rest),
        };
        if foreign != 0 {
            self.place(&mut block, &mut foreign);
        }
        self.at += BLOCK;
        block
    }

    /// Sets the classes of characters that are not ASCII.
    fn place(&mut self, block: &mut Block, foreign: &mut u64) {
        let (class, bytes) = self.begun;
        block.classes[bit(class)] |= (1 << bytes) - 1;
        self.begun = (OTHER, 0);
        *foreign &= block.lead;
        while *foreign != 0 {
            let at = foreign.trailing_zeros() as usize;
            let (class, width) = character(&self.text[self.at + at..]);
            block.classes[bit(class)] |= ((1 << width) - 1) << at;
            if at + width > BLOCK {
                self.begun = (class, at + width - BLOCK);
            }
            *foreign &= *foreign - 1;
        }
    }
}

/// The block of the last bytes.
#[cold]
fn last(rest: &[u8]) -> (Block, u64) {
    let mut bytes = [0; BLOCK];
    bytes[..rest.len()].copy_from_slice(rest);
    let (mut block, foreign) = Block::ascii(&bytes);
    let text = (1 << rest.len()) - 1;
    block.classes.iter_mut().for_each(|bits| *bits &= text);
    block.lead &= text;
    (block, foreign)
}

/// Class and width of the character of two bytes or more that valid UTF-8 begins with.
#[inline]
fn character(bytes: &[u8]) -> (Set, usize) {
    let low = |at: usize| u32::from(bytes.get(at).copied().unwrap_or(0) & 0x3f);
    let first = u32::from(bytes[0]);
    match first {
        ..0xe0 => (CLASSES.of((first & 0x1f) << 6 | low(1)), 2),
        ..0xf0 => (CLASSES.of((first & 0x0f) << 12 | low(1) << 6 | low(2)), 3),
        _ => (CLASSES.of((first & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3)), 4),
    }
}

#[inline(always)]
const fn bit(class: Set) -> usize {
    class.trailing_zeros() as usize
}

/// What is set one byte earlier; `previous` is the same set of the block before.
#[inline(always)]
pub(super) fn after(now: u64, previous: u64) -> u64 {
    now << 1 | previous >> 63
}

/// What is set one byte later; `next` is the same set of the block behind.
#[inline(always)]
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
    /// The last characters of runs of `set` that something other than white space follows.
    #[inline(always)]
    pub(super) fn last_of(&self, set: Set) -> u64 {
        let Self { now, next, .. } = self;
        let solid = |block: &Block| block.lead & !block.of(SPACE);
        let mut here = now.of(set) & before(solid(now), solid(next));
        let mut there = next.of(set) & before(solid(next), 0);
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

/// Calls `batch` with the ends of chunks; `starts(window)` is the set of bytes of a block that begin a chunk.
#[inline(always)]
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
        for at in bits(set) {
            ends[count] = window.at + at;
            count += 1;
        }
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
