//! Sound files with bytes changed, so that the fuzzer gets behind what a file begins with.

/// Writes a byte at a time into a sound file: two bytes of an edit say where, the third says what.
pub(crate) fn spoil(file: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % file.len();
        file[at] = edit[2];
    }
    file
}
