//! Fine-tuning of few numbers (Hu et al. 2021, "LoRA", arXiv 2106.09685).

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use crate::layers::{Adapter, Layout, Linear};
use crate::{Config, Error, Family, Initial, Params, Result};

/// Settings of adapters: `W' = W + alpha / rank · B A`, of which only A and B learn.
///
/// Deviation from the paper: every map of a block is adapted unless `maps` names some, not only those of queries and
/// values (Dettmers et al. 2023, arXiv 2305.14314, figure 2, finds that to matter more than the rank).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lora {
    /// Rows of A and columns of B.
    pub rank: usize,
    /// Strength of the correction, before it is divided by the rank.
    pub alpha: f64,
    /// Maps whose names contain one of these have an adapter: `q_proj`, `mlp.`; without any, all maps of all blocks.
    pub maps: Vec<String>,
}

impl Default for Lora {
    fn default() -> Self {
        Self { rank: 16, alpha: 32.0, maps: vec![] }
    }
}

impl Lora {
    pub(crate) fn adapts(&self, name: &str) -> bool {
        self.maps.is_empty() || self.maps.iter().any(|map| name.contains(map.as_str()))
    }

    fn scale(&self) -> f64 {
        self.alpha / self.rank as f64
    }

    /// The adapter of the map `name`: A is drawn, B is 0, so that the model begins as it was.
    pub(crate) fn adapter(&self, name: &str, map: &Linear, adapters: &Params) -> Result<Adapter> {
        if self.rank == 0 {
            let expected = "1 or more".to_owned();
            return Err(Error::Setting { setting: "lora.rank", expected, got: "0".into() });
        }
        let linear = |which: &str, inputs: usize, outputs: usize, initial| -> Result<Linear> {
            let weight = adapters.weight(&format!("{name}.{which}.weight"), (outputs, inputs), initial)?;
            Ok(Linear { weight, bias: None, inputs, outputs, layout: Layout::OutputsFirst, adapter: None })
        };
        let drawn = Initial::Normal { deviation: 1.0 / libm::sqrt(map.inputs as f64) };
        Ok(Adapter {
            down: linear(A, map.inputs, self.rank, drawn)?,
            up: linear(B, self.rank, map.outputs, Initial::Constant(0.0))?,
            scale: self.scale() as f32,
        })
    }

    /// Adds the corrections of `adapters` to the maps of `params`, which then are an ordinary model.
    pub fn merge(&self, config: &Config, params: &Params, adapters: &Params) -> Result<()> {
        let maps = adapters.vars();
        for (name, up) in maps.iter().filter_map(|(name, up)| Some((name.strip_suffix(&suffix(B))?, up))) {
            let down = maps.get(&format!("{name}{}", suffix(A)));
            let Some(down) = down else {
                let (expected, got) = ("its A".into(), "B alone".into());
                return Err(Error::Parameter { name: name.to_owned(), expected, got });
            };
            let product = up.as_detached_tensor().matmul(&down.as_detached_tensor())?; // [outputs, inputs]
            let product = if config.family == Family::Gpt2 { product.t()? } else { product };
            let correction: Vec<f32> = Tensor::flatten_all(&product.contiguous()?)?.to_vec1()?;
            let scale = self.scale() as f32;
            params.update(&format!("{name}.weight"), |weight| {
                weight.iter_mut().zip(correction).for_each(|(weight, by)| *weight += scale * by);
            })?;
        }
        params.touch();
        Ok(())
    }
}

/// Names of the two matrices, as other programs have them.
const A: &str = "lora_A";
const B: &str = "lora_B";

fn suffix(which: &str) -> String {
    format!(".{which}.weight")
}
