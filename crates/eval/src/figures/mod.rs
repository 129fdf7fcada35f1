//! Items' marks to a benchmark's figures.

mod bootstrap;
mod bradley_terry;
mod centred;
mod elo;
mod leaderboard;
mod pass_at_k;

pub use bootstrap::{Bootstrap, Interval};
pub use bradley_terry::{Battle, ratings};
pub use centred::{Task, centred, centred_mean};
pub use elo::Elo;
pub use leaderboard::{Standing, leaderboard};
pub use pass_at_k::pass_at_k;

/// One item's value and weight.
pub type Weighed = (f64, f64);

/// The mean of values by their weights; 0 where nothing weighs anything.
pub fn mean(values: impl IntoIterator<Item = Weighed>) -> f64 {
    let (sum, weight) = values
        .into_iter()
        .fold((0.0, 0.0), |(sum, all), (value, weight)| (sum + value * weight, all + weight));
    if weight > 0.0 { sum / weight } else { 0.0 }
}
