//! What a model reads: ids, or a text behind the token that begins texts.

use bpe::Tokenizer;
use candle_core::{Device, Tensor};
use model::{CausalLm, Input};

use super::tokens::{LONGEST, within};
use crate::serve::models::Loaded;
use crate::serve::{Answer, Refusal};

/// The ids that a request gives, or those of its text.
///
/// Texts begin here with what they begin with in training.
pub(super) fn ids(model: &Loaded, ids: Option<Vec<u32>>, text: Option<&str>) -> Answer<Vec<u32>> {
    let ids = match (ids, text) {
        (Some(ids), None) => ids,
        (None, Some(text)) => {
            let mut ids: Vec<u32> = model.begin.into_iter().collect();
            model.bpe.encode(within(text, LONGEST)?, &mut ids);
            ids
        }
        _ => return Err(Refusal::invalid("ids", "either `ids` or `text` is read")),
    };
    model.check(&ids, "ids")?;
    Ok(ids)
}

/// Refuses more ids than a model reads.
pub(super) fn fits(ids: &[u32], context: usize) -> Answer<()> {
    if ids.len() > context {
        let message = format!("{} tokens, where the model reads {context} at most", ids.len());
        return Err(Refusal::too_long(message));
    }
    Ok(())
}

/// One row of ids `[1, T]`.
pub(super) fn row(ids: &[u32]) -> Answer<Tensor> {
    Tensor::from_slice(ids, (1, ids.len()), &Device::Cpu).map_err(Refusal::fault)
}

/// The log-probability of each token but the first.
pub(super) fn log_probs(model: &Loaded, ids: &[u32]) -> Answer<Vec<f64>> {
    let Some((_, targets)) = ids.split_first().filter(|(_, targets)| !targets.is_empty()) else {
        return Ok(vec![]);
    };
    let row = row(ids)?;
    let compute = || -> model::Result<Vec<f32>> {
        let hidden = model.decoder.hidden(&Input::new(&row), None)?.flatten_to(1)?;
        let before = hidden.narrow(0, 0, targets.len())?;
        Ok(model.decoder.log_probs(&before, targets)?.to_vec1()?)
    };
    let found = compute().map_err(Refusal::fault)?;
    if found.iter().any(|log_prob| !log_prob.is_finite()) {
        return Err(Refusal::fault("log-probabilities that are no numbers"));
    }
    Ok(found.into_iter().map(f64::from).collect())
}
