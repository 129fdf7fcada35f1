//! A model answers: turns, tools, tokens as they come; with the feature `serve` over HTTP, as OpenAI's API does.
//!
//! A [`Session`] notes what was said and makes a prompt of it; a [`Responder`] lets a model go on from prompts, many at once,
//! and lets it ask tools on the way. Whoever has another tool implements [`Tool`], whose page has an example. With the feature
//! `serve` the models of a run answer over HTTP: programs by OpenAI's API, people on pages.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use bpe::Tokenizer;
//! use chat::{Calculator, Responder, Session, Tool};
//! use model::{Config, Decoder, Greedy, Limits, Params, Prompt};
//! use sft::Protocol;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bpe = bpe::train(bpe::Settings { vocab_size: 288, ..Default::default() }, &["a text"])?.tokenizer;
//! let vocabulary = bpe.vocabulary().size();
//! let config = Config { vocabulary, context: 64, width: 16, layers: 1, hidden: 32, ..Config::default() };
//! let decoder = Decoder::new(&config, &Params::new(1), "")?.detached();
//! let template = Protocol::Deepdive.template(bpe.vocabulary())?;
//! let tools: Vec<Box<dyn Tool>> = vec![Box::new(Calculator)];
//! let responder = Responder { model: &decoder, tokenizer: &bpe, template: &*template, tools: &tools };
//!
//! let mut session = Session::new(Some("Be brief.".to_owned()));
//! session.ask("2 + 2?");
//! let (rendered, _) = session.prompt(&*template, &bpe, 48)?;
//! let prompts = vec![Prompt { ids: rendered.ids, seed: 1 }];
//! let limits = Limits { new_tokens: 8, context: config.context, ..Limits::default() };
//! let replies = responder.respond(prompts, &Greedy, &limits, &mut |_, _| ControlFlow::Continue(()))?;
//! session.answer(&replies[0].ids, &*template, &bpe);
//! assert_eq!(session.messages().len(), 3, "it has learned nothing yet, and has had its turn");
//! # Ok(())
//! # }
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
