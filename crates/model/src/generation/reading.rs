//! Prompts on their way into a cache, a piece each a step: long ones must not keep others waiting (Agrawal et al. 2023,
//! "Sarathi", arXiv 2308.16369, section 4.1).

use candle_core::{Device, Tensor};

use crate::{Cache, CausalLm, Input, Result};

/// A prompt, and who begins with it.
pub(super) struct Reading<R> {
    pub(super) ids: Vec<u32>,
    /// Of one row: what was read.
    pub(super) cache: Box<dyn Cache>,
    pub(super) rows: Vec<R>,
}

impl<R> Reading<R> {
    fn left(&self) -> usize {
        self.ids.len() - self.cache.lengths()[0]
    }
}

/// A prompt that was read: who begins with it, a cache of one row, and its last hidden state `[1, D]`.
pub(super) type Whole<R> = (Vec<R>, Box<dyn Cache>, Tensor);

/// Reads pieces of the first prompts, `most` positions at most (but one at least), and returns those that are whole now.
pub(super) fn read<R>(
    model: &dyn CausalLm,
    readings: &mut Vec<Reading<R>>,
    most: usize,
) -> Result<Vec<Whole<R>>> {
    let lengths = pieces(readings, most);
    let Some(width) = lengths.iter().copied().max() else { return Ok(vec![]) };
    let mut now: Vec<Reading<R>> = readings.drain(..lengths.len()).collect();
    let mut cache = now[0].cache.fork(&[0])?;
    for reading in &now[1..] {
        cache.join(reading.cache.fork(&[0])?)?;
    }
    // copies would keep the pages from being written on
    now.iter_mut().try_for_each(|reading| -> Result<()> {
        reading.cache = model.cache(1)?;
        Ok(())
    })?;
    let mut ids = Vec::with_capacity(width * now.len());
    for ((reading, &length), &start) in now.iter().zip(&lengths).zip(cache.lengths()) {
        ids.extend_from_slice(&reading.ids[start..start + length]);
        ids.resize(ids.len() + width - length, 0);
    }
    let ids = Tensor::from_vec(ids, (now.len(), width), &Device::Cpu)?;
    let input = Input { lengths: Some(&lengths), ..Input::new(&ids) };
    let hidden = model.hidden(&input, Some(&mut *cache))?;
    let (mut whole, mut rest) = (vec![], vec![]);
    for (at, mut reading) in now.into_iter().enumerate() {
        reading.cache = cache.fork(&[at])?;
        if reading.left() == 0 {
            let last = hidden.get(at)?.narrow(0, lengths[at] - 1, 1)?;
            whole.push((reading.rows, reading.cache, last));
        } else {
            rest.push(reading);
        }
    }
    readings.splice(0..0, rest);
    Ok(whole)
}

/// How much of each of the first prompts is read now, so that all pieces, padded to the longest, are `most` positions.
fn pieces<R>(readings: &[Reading<R>], most: usize) -> Vec<usize> {
    let mut widest = 0;
    let mut lengths = vec![];
    for reading in readings {
        let length = reading.left().min(most.max(1));
        widest = widest.max(length);
        if !lengths.is_empty() && widest.saturating_mul(lengths.len() + 1) > most {
            break;
        }
        lengths.push(length);
    }
    lengths
}
