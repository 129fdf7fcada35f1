//! The kind and the size of a decoder.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The kind of a decoder: which parts it is composed of, under which names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Learned positions, LayerNorm, GELU, biases, a tied head (Radford et al. 2019).
    Gpt2,
    /// Rotary positions, RMSNorm, grouped queries, SwiGLU (Touvron et al. 2023, arXiv 2302.13971).
    Llama,
    /// Rotary positions, norms without weights, normed queries and keys, squared ReLU, capped logits (Karpathy's nanochat).
    #[default]
    Nanochat,
}

/// The size of a [`Decoder`](crate::Decoder). The default has 0.8 M parameters besides the embedding's and the head's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The kind of decoder.
    pub family: Family,
    /// Number of token ids.
    pub vocabulary: usize,
    /// Most positions that the model can look back over.
    pub context: usize,
    /// Size of the residual stream.
    pub width: usize,
    /// Number of blocks, each attention and a feed-forward network.
    pub layers: usize,
    /// Query heads; they divide the width.
    pub heads: usize,
    /// Key and value heads; they divide the query heads (grouped-query attention, arXiv 2305.13245). GPT-2 has as many
    /// as query heads.
    pub kv_heads: usize,
    /// Inner size of the feed-forward network.
    pub hidden: usize,
    /// Base of the rotary angles; of no meaning to GPT-2.
    pub rope_theta: f64,
    /// Added to the mean square before its root is taken.
    pub norm_epsilon: f64,
    /// Logits stay between this and its negative; 0 for no bounds. For nanochat only.
    pub softcap: f64,
    /// Whether the head is the embedding matrix, used a second time.
    pub tied: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            family: Family::Nanochat,
            vocabulary: 4096,
            context: 256,
            width: 128,
            layers: 4,
            heads: 4,
            kv_heads: 4,
            hidden: 512,
            rope_theta: 10_000.0,
            norm_epsilon: 1e-5,
            softcap: 15.0,
            tied: false,
        }
    }
}

impl Config {
    /// Size of one head.
    pub fn head_width(&self) -> usize {
        self.width / self.heads.max(1)
    }

    /// Refuses sizes that do not fit each other, and says which.
    pub fn check(&self) -> Result<()> {
        let sizes = [
            ("vocabulary", self.vocabulary),
            ("context", self.context),
            ("width", self.width),
            ("layers", self.layers),
            ("heads", self.heads),
            ("kv_heads", self.kv_heads),
            ("hidden", self.hidden),
        ];
        for (setting, size) in sizes {
            let most = 1 << 24; // far beyond any model
            if size == 0 || size > most {
                return Err(setting_error(setting, format!("1 to {most}"), size));
            }
        }
        if !self.width.is_multiple_of(2 * self.heads) {
            return Err(setting_error(
                "width",
                format!("a multiple of twice the {} heads", self.heads),
                self.width,
            ));
        }
        // an angle for every position and every second component of a head
        let (angles, most) = (self.context * self.width / self.heads / 2, 1 << 26);
        if angles > most {
            let expected = format!("a context and a width of heads whose product is at most {}", 2 * most);
            return Err(setting_error("context", expected, self.context));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(setting_error(
                "kv_heads",
                format!("a divisor of the {} heads", self.heads),
                self.kv_heads,
            ));
        }
        for (setting, value) in [("rope_theta", self.rope_theta), ("norm_epsilon", self.norm_epsilon)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(setting_error(setting, "a positive number".into(), value));
            }
        }
        if !(self.softcap.is_finite() && self.softcap >= 0.0) {
            return Err(setting_error("softcap", "a number from 0 on".into(), self.softcap));
        }
        if self.softcap > 0.0 && self.family != Family::Nanochat {
            return Err(setting_error("softcap", "0 outside of nanochat".into(), self.softcap));
        }
        if self.family == Family::Gpt2 && self.kv_heads != self.heads {
            let expected = format!("as many as the {} heads of GPT-2", self.heads);
            return Err(setting_error("kv_heads", expected, self.kv_heads));
        }
        if self.family == Family::Gpt2 && !self.tied {
            return Err(setting_error("tied", "true for GPT-2".into(), self.tied));
        }
        Ok(())
    }

    /// The logits' bound, where there is one.
    pub(crate) fn cap(&self) -> Option<f32> {
        (self.softcap > 0.0).then_some(self.softcap as f32)
    }

    /// Number of parameters, the embedding's among them.
    pub fn parameters(&self) -> usize {
        let Self { width, layers, hidden, context, .. } = *self;
        let embeddings = if self.tied { 1 } else { 2 } * self.vocabulary * width;
        let kv_width = self.kv_heads * self.head_width();
        let attention = 2 * width * (width + kv_width);
        embeddings
            + match self.family {
                Family::Gpt2 => {
                    let biases = 4 * width + hidden + width; // q, k, v, output; up, down
                    context * width
                        + layers * (attention + 2 * width * hidden + biases + 4 * width)
                        + 2 * width
                }
                Family::Llama => layers * (attention + 3 * width * hidden + 2 * width) + width,
                Family::Nanochat => layers * (attention + 2 * width * hidden),
            }
    }

    /// Inner numbers a token of the feed-forward network before its activation: gate and up, or one of them.
    pub(crate) fn up_width(&self) -> usize {
        if self.family == Family::Llama { 2 * self.hidden } else { self.hidden }
    }

    /// Floating-point operations of one training step, per token: forward and backward of all matrix products.
    pub fn flops_per_token(&self) -> f64 {
        let Self { width, layers, hidden, context, .. } = *self;
        let attention = 2 * width * (width + self.kv_heads * self.head_width());
        let weights = layers * (attention + width * (self.up_width() + hidden)) + self.vocabulary * width;
        6.0 * weights as f64 + 12.0 * (layers * width * context) as f64
    }
}

#[allow(clippy::needless_pass_by_value, reason = "numbers and texts alike")]
pub(crate) fn setting_error(setting: &'static str, expected: String, got: impl std::fmt::Display) -> Error {
    Error::Setting { setting, expected, got: got.to_string() }
}
