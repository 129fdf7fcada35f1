//! Llama models in the files of other programs, read as a [`Config`] and tensors.
//!
//! Weights become f32 under Hugging Face's names, whatever their names and packing in the file were, so that a
//! model that came from outside is trained, sampled and written like one of our own. Damaged and hostile files
//! are errors that name the file, the place, what was expected and what is there.
//!
//! ```no_run
//! use model::formats::gguf;
//!
//! # fn main() -> model::Result<()> {
//! let file = gguf::read("SmolLM2-135M-Instruct.Q4_1.gguf".as_ref())?;
//! let tokenizer = gguf::tokenizer(&file)?;
//! let (params, decoder) = gguf::llama(&file)?.model()?;
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it reads |
//! |---|---|
//! | [`gguf`] | llama.cpp's models, quantised ones too, and the tokenizers in them |
//! | [`llama2c`] | llama2.c's models and tokenizers |

mod bytes;
pub mod gguf;
pub mod llama2c;

use std::collections::BTreeMap;

use candle_core::Tensor;

use crate::{Config, Decoder, Params, Result};

/// A model as it stood in a file. Its tensors are not yet compared with its size: [`Imported::model`] does.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The size. A shorter context is a smaller cache, and the same model over fewer positions.
    pub config: Config,
    /// Weights in f32 by their Hugging Face names, matrices as `[out, in]`.
    pub tensors: BTreeMap<String, Tensor>,
}

impl Imported {
    /// The decoder of exactly these tensors: one too few, too many or of another shape is an error.
    pub fn model(self) -> Result<(Params, Decoder)> {
        let params = Params::from_tensors(self.tensors);
        let decoder = Decoder::new(&self.config, &params, "")?;
        params.check_all_used()?;
        Ok((params, decoder))
    }
}

/// Rows of a query or key matrix from llama.cpp's and llama2.c's order into Hugging Face's.
///
/// The former two turn neighbours by the rotary angle, the latter turns entry `i` with entry `i + d / 2` of a
/// head: the same after an order of rows within each head.
fn halves_apart(weight: &Tensor, head_width: usize) -> Result<Tensor> {
    let (rows, width) = weight.dims2()?;
    let pairs = weight.reshape((rows / head_width, head_width / 2, 2, width))?;
    Ok(pairs.transpose(1, 2)?.reshape((rows, width))?)
}
