//! Reading and writing token by token: weights laid out for few rows, and what was seen kept.

mod asking;
mod attention;
mod cached;
mod page;
mod prepared;

pub(crate) use cached::Cached;
pub(crate) use prepared::Preparation;
