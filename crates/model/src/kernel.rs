//! Which instructions the numeric kernels use on this machine.

/// The instruction set that matrix products run on: `avx512`, `avx2` or `scalar`.
///
/// Sums are grouped differently in each, so equal bits can be expected within one class only.
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
