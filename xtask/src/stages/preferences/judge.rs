//! A reward model out of a folder, for a policy that speaks its language.

use std::fs;
use std::path::Path;

use anyhow::Context;
use bpe::{Bpe, Tokenizer};
use model::Config;
use pipeline::{Error, Fault, Input};
use rlhf_reward::folder::Folder;

/// Opens the reward model of `input`, whose tokenizer must be that of `tokenizer`.
pub(in crate::stages) fn judge(input: &Input, tokenizer: &Path) -> anyhow::Result<Folder> {
    let folder = input.directory()?;
    let own = folder.join("tokenizer.json");
    let fault = |what: &str, got: String| -> anyhow::Error {
        let fault = Fault::new(what).at(&own, None).got(got);
        Error::Input(
            fault
                .expected("the policy's own `tokenizer.json`, which its ids come from")
                .cure("train the reward model from a checkpoint of the same tokenizer"),
        )
        .into()
    };
    let Ok(known) = fs::read(&own) else {
        return Err(fault("the reward model is without its tokenizer", "nothing".into()));
    };
    let theirs = tokenizer.join("tokenizer.json");
    let other = fs::read(&theirs).with_context(|| format!("cannot read {}", theirs.display()))?;
    if known != other {
        return Err(fault("reward model and policy read other ids", "another tokenizer".into()));
    }
    Folder::load(folder).with_context(|| format!("cannot open the reward model {}", folder.display()))
}

/// Refuses a tokenizer that knows more ids than the model.
pub(in crate::stages) fn agrees(bpe: &Bpe, config: &Config, folder: &Path) -> anyhow::Result<()> {
    let size = bpe.vocabulary().size();
    if size <= config.vocabulary {
        return Ok(());
    }
    let fault = Fault::new("model and tokenizer do not belong together")
        .at(&folder.join("config.json"), None)
        .got(format!("a vocabulary of {}", config.vocabulary))
        .expected(format!("{size}, as the tokenizer has"));
    Err(Error::Input(fault.cure("connect the tokenizer that the model was trained with")).into())
}
