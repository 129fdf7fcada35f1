//! PNG files written by hand, true and false ones (W3C PNG specification, third edition).

/// A file of chunks.
pub(crate) fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n", &chunks.concat()[..], &chunk(b"IEND", &[])].concat()
}

/// Length, type, data, checksum.
pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let typed = [kind, data].concat();
    [&(data.len() as u32).to_be_bytes(), &typed[..], &checksum(&typed).to_be_bytes()].concat()
}

pub(crate) fn header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, 0]].concat())
}

/// Rows with their filters, not compressed.
pub(crate) fn data(rows: &[u8]) -> Vec<u8> {
    chunk(b"IDAT", &stored(rows))
}

/// A zlib stream of stored blocks.
pub(crate) fn stored(bytes: &[u8]) -> Vec<u8> {
    let blocks = bytes.chunks(0xffff).flat_map(|block| {
        let length = block.len() as u16;
        [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), block].concat()
    });
    let end = [1, 0, 0, 0xff, 0xff];
    [0x78, 0x01].into_iter().chain(blocks).chain(end).chain(adler(bytes).to_be_bytes()).collect()
}

/// A zlib stream of about so many zeros, a thousand times shorter.
pub(crate) fn zeros(count: usize) -> Vec<u8> {
    // a block with fixed codes: the literal 0 (00110000), and 258 times what came before (11000101, distance 00000)
    let code = |bits: &'static str| bits.bytes().map(|bit| bit == b'1');
    let bits = code("110").chain(code("00110000"));
    let bits = bits.chain((0..count / 258).flat_map(|_| code("1100010100000"))).chain(code("0000000"));
    let bits: Vec<bool> = bits.collect();
    let byte = |bits: &[bool]| bits.iter().enumerate().map(|(at, bit)| u8::from(*bit) << at).sum::<u8>();
    let zeros = vec![0; 1 + count / 258 * 258];
    [0x78, 0x01].into_iter().chain(bits.chunks(8).map(byte)).chain(adler(&zeros).to_be_bytes()).collect()
}

fn adler(bytes: &[u8]) -> u32 {
    let step = |(a, b): (u32, u32), byte: &u8| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    };
    let (a, b) = bytes.iter().fold((1, 0), step);
    b << 16 | a
}

/// CRC-32.
fn checksum(bytes: &[u8]) -> u32 {
    let bit = |sum: u32, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
    !bytes.iter().fold(!0_u32, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), bit))
}
