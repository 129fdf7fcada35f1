//! Hidden states of a body that does not learn, read once.

use std::collections::BTreeMap;

use candle_core::{Device, Tensor};
use model::CausalLm;
use rl::Layout;

use crate::reward_model::judged;
use crate::{Preference, PreferenceModel, Result};

/// The last hidden state of every answer of some rankings; an answer to the same prompt that comes in many of them is read once.
pub struct Frozen {
    /// `[N, D]`.
    hidden: Tensor,
    /// The row of each prompt and answer.
    rows: BTreeMap<(Vec<u32>, Vec<u32>), u32>,
}

impl Frozen {
    /// Reads all answers, about so many tokens at once, which changes no bit.
    pub fn read<'a>(
        body: &dyn CausalLm,
        preferences: impl IntoIterator<Item = &'a Preference>,
        tokens_at_once: usize,
    ) -> Result<Self> {
        let (mut parts, mut rows, mut layout) = (vec![], BTreeMap::new(), Layout::default());
        for Preference { prompt, answers, .. } in preferences {
            let mut unread: Vec<&[u32]> = vec![];
            for answer in answers {
                let next = rows.len() as u32;
                rows.entry((prompt.clone(), answer.clone())).or_insert_with(|| {
                    unread.push(answer);
                    next
                });
            }
            if unread.is_empty() {
                continue;
            }
            layout.push_read(prompt, unread);
            if layout.len() >= tokens_at_once {
                parts.push(layout.hidden(body)?.detach());
                layout = Layout::default();
            }
        }
        if !layout.is_empty() {
            parts.push(layout.hidden(body)?.detach());
        }
        Ok(Self { hidden: Tensor::cat(&parts, 0)?, rows })
    }

    /// The states `[n, D]` of answers to a prompt that were read, for
    /// [`RankingBatch::hidden`](crate::RankingBatch::hidden); others are not there.
    pub fn of<'a>(&self, asked: impl IntoIterator<Item = (&'a [u32], &'a [u32])>) -> model::Result<Tensor> {
        let row =
            |(prompt, answer): (&[u32], &[u32])| self.rows.get(&(prompt.to_vec(), answer.to_vec())).copied();
        let rows: Vec<u32> = asked.into_iter().filter_map(row).collect();
        Ok(self.hidden.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?)
    }
}

/// A head on states that were read: says nothing of other answers.
pub struct FrozenModel<'a> {
    /// The states.
    pub frozen: &'a Frozen,
    /// `[1, D]`.
    pub head: Tensor,
}

impl PreferenceModel for FrozenModel<'_> {
    fn score(&self, prompt: &[u32], answers: &[&[u32]]) -> Result<Vec<f64>> {
        let hidden = self.frozen.of(answers.iter().map(|answer| (prompt, *answer)))?;
        Ok(judged(&self.head, &hidden)?.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
    }
}
