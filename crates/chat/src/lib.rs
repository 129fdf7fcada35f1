//! A model answers: turns, tools, tokens as they come; with the feature `serve` over HTTP, as OpenAI's API does.
//!
//! ```
//! use chat::{Calculator, Tool};
//!
//! assert_eq!(Calculator.call("(9.11 - 9.9) * 100").as_deref(), Ok("-79"));
//! ```
//!
//! A [`Responder`] is a model, its tokenizer, its [`Template`](sft::Template) and what it may call. It decodes answers to
//! many prompts together; where one calls a [`Tool`], what the tool says is forced into that answer, and it goes on. The
//! docs of [`Tool`] show one of one's own.
//!
//! | module | idea |
//! |---|---|
//! | `responder` | prompts to answers, all at once, with tools on the way: [`Responder`] |
//! | `session` | a talk as it goes on: [`Session`] |
//! | `tools` | what an answer may ask for: [`Tool`], [`Calculator`], [`Lookup`] |
//! | `pages` | what people see of the server (feature `serve`) |
//! | `serve` | API and playground over HTTP (feature `serve`) |

#![forbid(unsafe_code)]

#[cfg(feature = "serve")]
mod pages;
mod responder;
#[cfg(feature = "serve")]
pub mod serve;
mod session;
mod tools;

pub use responder::{Event, Reply, Responder};
pub use session::{Said, Session};
pub use tools::{Calculator, Lookup, Tool};
