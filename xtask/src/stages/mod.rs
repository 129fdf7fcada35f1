//! The stages, one file each: settings that know how to run.
//!
//! A stage reads shards, calls a crate that knows nothing of shards, and writes shards. To add one of your own,
//! implement [`pipeline::Stage`] and add its line to [`crate::registry()`].

pub mod audit;
mod block_lists;
pub mod bpe_encode;
pub mod bpe_train;
pub mod cc_fetch;
pub mod command;
pub mod decontaminate;
pub mod dedup;
pub mod documents_files;
pub mod filter;
mod interval;
pub mod miniature_web;
mod outliers;
#[cfg(feature = "train")]
pub mod pretrain;
#[cfg(feature = "train")]
pub mod recall;
#[cfg(feature = "train")]
pub mod sample;
mod scores;
mod shards;
mod shared;
pub mod warc_files;
pub mod warc_import;
