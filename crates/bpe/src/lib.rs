//! Byte-pair encoding: text to ids and back, and learning the vocabulary.
//!
//! ```
//! use bpe::{Settings, Tokenizer, train};
//!
//! let settings = Settings { vocab_size: 300, ..Settings::default() };
//! let bpe = train(settings, &["the theme of the thesis", "the other theory"])?.tokenizer;
//! let (mut ids, mut bytes) = (Vec::new(), Vec::new());
//! bpe.encode("the thing <|bos|>", &mut ids);
//! bpe.decode(&ids, &mut bytes);
//! assert_eq!(bytes, b"the thing <|bos|>");
//! assert!(!ids.contains(&bpe.vocabulary().special("<|bos|>").unwrap()));
//! # Ok::<(), bpe::Error>(())
//! ```
//!
//! # Why it looks like this
//!
//! Pre-tokenization, not merging, is where tokenizers spend their time, so the published patterns are scanners written
//! by hand and proven equal to their regular expressions; GPT-2's and GPT-4's look at 64 bytes at a time. Any other
//! pattern runs on a regex engine. Most of the words that follow are words seen before, so a small table answers them; the
//! rest are merged, short ones by scanning for the best pair. Long ones are not merged at all: their tokens are laid down
//! from left to right, in linear time.
//!
//! Training counts distinct words, sorts them by their bytes and merges exactly the most frequent pair, ties to the
//! smaller ids: neither threads nor the order of texts can be seen in the result. Bytes are numbered in one of two
//! published ways, which makes the merges those of `rustbpe` or those of Hugging Face `tokenizers`.
//!
//! # Map
//!
//! [`Tokenizer`] and [`PreTokenizer`] are the seams, and each shows an implementation of one's own. [`Trainer`] makes a
//! [`Bpe`]. [`Bpe::save`] and [`Bpe::load`] exchange it with the world, [`Bpe::from_tiktoken`] and
//! [`Bpe::from_vocab_and_merges`] read what others publish, and [`Bpe::to_bytes`] is read fastest. [`Permitted`] lets trusted text spell special tokens. [`Vocabulary`] says what ids
//! mean, [`Utf8Stream`] turns the bytes of arriving tokens into text, [`Bpe::steps`] shows merges at work.

#![forbid(unsafe_code)]

mod alphabet;
mod bpe;
mod encode;
mod error;
mod file;
mod parts;
mod special;
mod split;
mod tokenizer;
mod train;
mod utf8;
mod vocabulary;
mod words;

pub use bpe::Bpe;
pub use error::{Error, Result};
pub use special::{Permitted, SPECIAL_TOKENS};
pub use split::{Pattern, PreTokenizer};
pub use tokenizer::Tokenizer;
pub use train::{Report, Settings, TieBreak, Trained, Trainer, train};
pub use utf8::Utf8Stream;
pub use vocabulary::Vocabulary;
