//! Reward models on disk: a model's folder with one tensor more, the head's.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Tensor;
use model::{Config, Decoder, Params, checkpoint};

use crate::reward_model::{HEAD, head};
use crate::{Error, Result};

/// A body and a head, and the parameters that both are made of.
pub struct Folder {
    /// All parameters.
    pub params: Params,
    /// The body; nobody asks it for a next token.
    pub body: Decoder,
    /// `[1, D]`.
    pub head: Tensor,
}

impl Folder {
    /// From tensors, which are all used.
    pub fn new(config: &Config, tensors: BTreeMap<String, Tensor>) -> Result<Self> {
        let params = Params::from_tensors(tensors);
        let body = Decoder::new(config, &params, "")?;
        let head = head(&params, config.width)?;
        params.check_all_used()?;
        Ok(Self { params, body, head })
    }

    /// What training starts from: a language model's folder, with a head drawn from `seed`.
    pub fn begin(directory: &Path, seed: u64) -> Result<Self> {
        let (config, mut tensors) = checkpoint::open(directory)?;
        if tensors.contains_key(HEAD) {
            return Err(Error::HasHead { tensor: HEAD });
        }
        tensors.insert(HEAD.to_owned(), head(&Params::new(seed), config.width)?.detach());
        Self::new(&config, tensors)
    }

    /// A reward model's folder.
    ///
    /// # Errors
    /// [`Error::NoHead`] for a model that only writes.
    pub fn load(directory: &Path) -> Result<Self> {
        let (config, tensors) = checkpoint::open(directory)?;
        if !tensors.contains_key(HEAD) {
            return Err(Error::NoHead { tensor: HEAD });
        }
        Self::new(&config, tensors)
    }
}
