//! What stages that train a model share: notes that survive a kill, texts written on the way.

mod answers;
mod log;
mod progress;
mod speech;
mod text;
mod work;

pub(super) use super::folder::copy_tree;
pub(super) use answers::{Kept, Worth};
pub(super) use log::Log;
pub(super) use progress::{Asked, Curves, Writing};
pub(super) use speech::Speech;
pub(super) use text::flatten;
pub(super) use work::{Work, keep_counts, write_model};
