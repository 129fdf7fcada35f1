//! Hidden states of a body that does not learn, read once.

use candle_core::{Device, Tensor};
use model::CausalLm;
use rl::Layout;

use crate::{Preference, Result};

/// The last hidden state of each answer of each ranking.
pub struct Frozen {
    /// `[N, D]`.
    hidden: Tensor,
    /// The first row of each ranking, and one more.
    starts: Vec<u32>,
}

impl Frozen {
    /// Reads all answers, about so many tokens at once, which changes no bit.
    pub fn read(body: &dyn CausalLm, preferences: &[Preference], tokens_at_once: usize) -> Result<Self> {
        let (mut parts, mut starts, mut layout) = (vec![], vec![0], Layout::default());
        for (at, preference) in preferences.iter().enumerate() {
            layout.push_read(&preference.prompt, preference.answers.iter().map(Vec::as_slice));
            starts.push(starts[at] + preference.answers.len() as u32);
            if layout.len() >= tokens_at_once || at + 1 == preferences.len() {
                parts.push(layout.hidden(body)?.detach());
                layout = Layout::default();
            }
        }
        Ok(Self { hidden: Tensor::cat(&parts, 0)?, starts })
    }

    /// The rows `[n, D]` of some rankings, for [`RankingBatch::hidden`](crate::RankingBatch::hidden).
    pub fn of(&self, rankings: &[usize]) -> model::Result<Tensor> {
        let rows: Vec<u32> = rankings.iter().flat_map(|&at| self.starts[at]..self.starts[at + 1]).collect();
        Ok(self.hidden.index_select(&Tensor::new(rows, &Device::Cpu)?, 0)?)
    }
}
