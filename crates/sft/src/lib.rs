//! Conversations to an assistant: the first step of InstructGPT (Ouyang et al. 2022, arXiv 2203.02155, section 3.1).
//!
//! ```
//! use bpe::Tokenizer;
//! use sft::{Message, Protocol, Rendered, Role, Template};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bpe = bpe::train(bpe::Settings { vocab_size: 300, ..Default::default() }, &["a text"])?.tokenizer;
//! let template = Protocol::Deepdive.template(bpe.vocabulary())?;
//! let talk = [Message::text(Role::User, "Hi"), Message::text(Role::Assistant, "Yo")];
//! let mut rendered = Rendered::default();
//! template.render(&talk, &bpe, &mut rendered)?;
//!
//! let mut text = vec![];
//! bpe.decode(&rendered.ids, &mut text);
//! assert_eq!(text, b"<|bos|><|user_start|>Hi<|user_end|><|assistant_start|>Yo<|assistant_end|>");
//! // what is learned: the answer and its end
//! assert_eq!(rendered.learn.iter().filter(|learn| **learn).count(), 3);
//! # Ok(())
//! # }
//! ```
//!
//! The loss mask is born where the tokens are born: a [`Template`] appends ids and says of each whether it is learned, so
//! that no text is searched for marks afterwards. A user's words cannot become a special token, because
//! [`Tokenizer::encode`](bpe::Tokenizer::encode) never makes one.
//!
//! | module | idea |
//! |---|---|
//! | `conversation` | who says what: [`Message`], and the order that a talk must have |
//! | `template` | messages to ids, mask and spans: [`Template`], [`Protocol`] |
//! | `packing` | which conversations share a row: [`Packing`] |
//! | `examples` | rendered conversations, by the thousand: [`Examples`] |
//! | `batches` | rows of them, shuffled: [`ExampleBatches`] |
//! | `objective` | the loss, over learned tokens only: [`Supervised`] |
//! | `evaluate` | loss, accuracy and entropy on conversations held out: [`evaluate()`] |

#![forbid(unsafe_code)]

mod batches;
mod conversation;
mod error;
mod evaluate;
mod examples;
mod objective;
mod packing;
mod template;

pub use batches::ExampleBatches;
pub use conversation::{Message, Part, Role, check};
pub use error::{Error, Result};
pub use evaluate::{Evaluation, evaluate};
pub use examples::{Example, Examples, Overlong};
pub use objective::Supervised;
pub use packing::{Alone, BestFit, Packing};
pub use template::{Kind, MediaTokens, Protocol, Rendered, Span, Template, ToolTokens};
