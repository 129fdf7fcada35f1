//! The stages, one file each: settings that know how to run.
//!
//! A stage reads shards, calls a crate that knows nothing of shards, and writes shards. To add one of your own,
//! implement [`pipeline::Stage`] and add its line to [`crate::registry()`].

#[cfg(feature = "train")]
mod answers;
#[cfg(feature = "train")]
pub mod arena;
#[cfg(feature = "train")]
mod asking;
pub mod audit;
pub mod battles_files;
#[cfg(feature = "train")]
pub mod best_of_n;
mod block_lists;
pub mod bpe_encode;
pub mod bpe_train;
mod brought;
pub mod cc_fetch;
pub mod cc_pages;
#[cfg(feature = "train")]
pub mod checkpoint_files;
pub mod codec_encode;
pub mod codec_train;
pub mod command;
pub mod conversations_files;
pub mod decontaminate;
pub mod dedup;
pub mod documents_files;
#[cfg(feature = "train")]
pub mod dpo;
#[cfg(feature = "train")]
pub mod draw;
#[cfg(feature = "train")]
pub mod eval;
#[cfg(feature = "train")]
pub mod exam;
mod exhibits;
pub mod filter;
mod folder;
#[cfg(feature = "train")]
pub mod grpo;
mod import;
pub(crate) mod interval;
#[cfg(feature = "train")]
pub mod interview;
mod lesson_documents;
pub mod lesson_media;
pub mod lesson_preferences;
pub mod lesson_talks;
pub mod lesson_texts;
pub mod media_files;
pub(crate) mod medium;
pub mod miniature_questions;
pub mod miniature_web;
mod outliers;
pub mod package_pages;
pub mod packages;
#[cfg(feature = "train")]
mod power_law;
#[cfg(feature = "train")]
pub mod ppo;
#[cfg(feature = "train")]
mod preferences;
pub mod preferences_files;
#[cfg(feature = "train")]
pub mod pretrain;
#[cfg(feature = "train")]
pub mod probe;
#[cfg(feature = "train")]
mod problem;
pub mod problems_files;
#[cfg(feature = "train")]
pub mod recall;
#[cfg(feature = "train")]
pub mod retrieve;
#[cfg(feature = "train")]
pub mod reward_model;
mod rows;
#[cfg(feature = "train")]
pub mod sample;
#[cfg(feature = "train")]
pub mod scaling_law;
mod scores;
#[cfg(feature = "train")]
pub mod self_play;
#[cfg(feature = "train")]
pub mod sft;
mod shards;
mod shared;
mod special;
#[cfg(feature = "train")]
pub(crate) mod talk;
#[cfg(feature = "train")]
mod tic_tac_toe;
#[cfg(feature = "train")]
pub mod tournament;
#[cfg(feature = "train")]
mod training;
pub(crate) mod unpacked;
mod verdicts;
pub mod warc_files;
pub mod warc_import;
#[cfg(feature = "train")]
mod words;
