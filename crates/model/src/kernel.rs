//! Which instructions the numeric kernels use on this machine.

/// The instruction set that matrix products run on: `avx512`, `avx2` or `scalar`.
///
/// Our products have equal bits in all of them by construction. The class is part of a recipe all the same: a reward
/// head's scores and the merge of [`Lora`](crate::Lora) are candle's products, which promise less.
pub fn kernel_class() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if pulp::x86::V4::is_available() {
            return "avx512";
        }
        if pulp::x86::V3::is_available() {
            return "avx2";
        }
    }
    "scalar"
}
