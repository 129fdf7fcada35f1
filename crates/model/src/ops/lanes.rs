//! Loops that become vector code, and sums whose order is fixed.

use super::real::Real;

/// Sums are kept in this many partial sums whatever the vector width, so every machine adds in one order.
const LANES: usize = 16;

/// Runs `work` compiled for the widest vectors that this machine has.
///
/// Rust never contracts a multiplication and an addition, so elementwise work has the same bits in each
/// version.
#[inline(always)]
pub(crate) fn simd<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Joins `item(a[i], b[i])` over all `i`, in the fixed order of [`LANES`] partial results.
#[inline(always)]
fn fold<T: Real>(a: &[T], b: &[T], start: T, item: impl Fn(T, T) -> T, join: impl Fn(T, T) -> T) -> T {
    let mut lanes = [start; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] = join(lanes[lane], item(a[lane], b[lane]));
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane = join(*lane, item(a, b));
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            lanes[lane] = join(lanes[lane], lanes[lane + half]);
        }
    }
    lanes[0]
}

/// Σ item(aᵢ, bᵢ).
#[inline(always)]
pub(crate) fn sum_by<T: Real>(a: &[T], b: &[T], item: impl Fn(T, T) -> T) -> T {
    fold(a, b, T::zero(), item, |x, y| x + y)
}

/// Σ aᵢ bᵢ.
#[inline(always)]
pub(crate) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    sum_by(a, b, |x, y| x * y)
}

/// log Σ eˣ, with the largest taken out so that nothing overflows.
pub(crate) fn log_sum_exp<T: Real>(x: &[T]) -> T {
    let (most, sum) = simd(
        #[inline(always)]
        || {
            let most = max(x);
            (most, sum_by(x, x, |x, _| (x - most).exp()))
        },
    );
    most + sum.ln()
}

/// The largest of at least one number; a NaN is passed over.
#[inline(always)]
pub(crate) fn max<T: Real>(a: &[T]) -> T {
    fold(a, a, a[0], |x, _| x, |x, y| if y > x { y } else { x })
}
