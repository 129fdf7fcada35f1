//! Choosing the next token from scores.

use serde::{Deserialize, Serialize};

use crate::Random;

/// Chooses a token.
///
/// Whoever always wants the second most likely one:
///
/// ```
/// use model::{Random, Sampler};
///
/// struct Second;
///
/// impl Sampler for Second {
///     fn pick(&self, logits: &[f32], _: &mut Random) -> u32 {
///         let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
///         ids.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
///         ids[1]
///     }
/// }
/// ```
pub trait Sampler {
    /// The place of the chosen one of `logits`, of which there is at least one.
    fn pick(&self, logits: &[f32], random: &mut Random) -> u32;
}

/// Always the most likely token; of equals, the one with the smallest id.
#[derive(Clone, Copy, Debug, Default)]
pub struct Greedy;

impl Sampler for Greedy {
    fn pick(&self, logits: &[f32], _: &mut Random) -> u32 {
        let best = (0..logits.len()).reduce(|best, id| if logits[id] > logits[best] { id } else { best });
        best.unwrap_or(0) as u32
    }
}

/// Draws from the model's distribution, sharpened and cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Draw {
    /// Logits are divided by it; 0 makes the choice greedy.
    pub temperature: f64,
    /// Only this many of the most likely tokens; 0 for all.
    pub top_k: usize,
    /// Only the most likely tokens that together reach this probability (Holtzman et al. 2019,
    /// arXiv 1904.09751, section 3.1); 1 for all.
    pub top_p: f64,
}

impl Default for Draw {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0 }
    }
}

impl Sampler for Draw {
    fn pick(&self, logits: &[f32], random: &mut Random) -> u32 {
        if self.temperature <= 0.0 {
            return Greedy.pick(logits, random);
        }
        let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
        // likeliest first, equals by id: the draw must not depend on a sort's whims
        ids.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)));
        if self.top_k > 0 {
            ids.truncate(self.top_k);
        }
        let most = f64::from(logits[ids[0] as usize]);
        let mut weights: Vec<f64> = ids
            .iter()
            .map(|&id| libm::exp((f64::from(logits[id as usize]) - most) / self.temperature))
            .collect();
        let nucleus = self.top_p.clamp(0.0, 1.0) * weights.iter().sum::<f64>();
        let mut sum = 0.0;
        let reached = weights.iter().position(|weight| {
            sum += weight;
            sum >= nucleus
        });
        weights.truncate(reached.map_or(weights.len(), |last| last + 1));
        let mut left = random.uniform() * weights.iter().sum::<f64>();
        let drawn = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        ids[drawn.unwrap_or(weights.len() - 1)]
    }
}
