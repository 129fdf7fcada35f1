//! The stages, one file each: settings that know how to run.
//!
//! A stage reads shards, calls a crate that knows nothing of shards, and writes shards. To add one of your own,
//! implement [`pipeline::Stage`] and add its line to [`crate::registry()`].

#[cfg(feature = "data")]
pub mod bpe_encode;
#[cfg(feature = "data")]
pub mod bpe_train;
#[cfg(feature = "data")]
pub mod cc_fetch;
pub mod command;
#[cfg(feature = "data")]
pub mod dedup;
#[cfg(feature = "data")]
pub mod filter;
#[cfg(feature = "data")]
pub mod miniature_web;
#[cfg(feature = "train")]
pub mod pretrain;
#[cfg(feature = "train")]
pub mod sample;
#[cfg(feature = "data")]
mod shards;
#[cfg(feature = "data")]
pub mod warc_files;
#[cfg(feature = "data")]
pub mod warc_import;
