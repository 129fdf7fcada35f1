//! What stages about preferences share: rankings out of shards, reward models out of folders, who knows the truth, and how a
//! policy is measured by all of them.

mod gold;
mod judge;
mod probe;
mod read;
mod requests;

pub(super) use gold::Gold;
pub(super) use judge::{agrees, judge};
pub(super) use probe::{Point, Probe};
pub(super) use read::{Rankings, read};
pub(super) use requests::{Requests, requests};
