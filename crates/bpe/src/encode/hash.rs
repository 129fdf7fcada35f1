/// The upper `64 - shift` bits of a product: Fibonacci hashing (Knuth, volume 3, section 6.4).
#[inline]
pub(super) fn multiply_shift(key: u64, shift: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift) as usize
}
