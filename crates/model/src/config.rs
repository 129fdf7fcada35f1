//! The size of a decoder, and its form in a Hugging Face `config.json`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Error, Result};

/// The size of a [`Decoder`](crate::Decoder). The default has 0.8 M parameters besides the embedding's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
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
    /// Key and value heads; they divide the query heads (grouped-query attention, arXiv 2305.13245).
    pub kv_heads: usize,
    /// Inner size of the feed-forward network.
    pub hidden: usize,
    /// Base of the rotary angles.
    pub rope_theta: f64,
    /// Added to the mean square before its root is taken.
    pub norm_epsilon: f64,
    /// Whether the head is the embedding matrix, used a second time.
    pub tied: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            vocabulary: 4096,
            context: 256,
            width: 128,
            layers: 4,
            heads: 4,
            kv_heads: 2,
            hidden: 352,
            rope_theta: 10_000.0,
            norm_epsilon: 1e-5,
            tied: true,
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
            let most = 1 << 24; // far beyond any model, and products of three still fit
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
        Ok(())
    }

    /// Number of parameters, the embedding's among them.
    pub fn parameters(&self) -> usize {
        let kv_width = self.kv_heads * self.head_width();
        let attention = 2 * self.width * (self.width + kv_width);
        let block = attention + 3 * self.width * self.hidden + 2 * self.width;
        let embeddings = if self.tied { 1 } else { 2 } * self.vocabulary * self.width;
        embeddings + self.layers * block + self.width
    }

    /// Floating-point operations of one training step, per token: forward and backward of all matrix products.
    pub fn flops_per_token(&self) -> f64 {
        let norms = (2 * self.layers + 1) * self.width;
        let lookups = if self.tied { 0 } else { self.vocabulary * self.width };
        let matrices = self.parameters() - norms - lookups;
        6.0 * matrices as f64 + 12.0 * (self.layers * self.width * self.context) as f64
    }

    /// The `config.json` that other programs open as `LlamaForCausalLM`.
    pub fn to_hugging_face(&self) -> Value {
        json!({
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocabulary,
            "max_position_embeddings": self.context,
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_width(),
            "intermediate_size": self.hidden,
            "rope_theta": self.rope_theta,
            "rms_norm_eps": self.norm_epsilon,
            "tie_word_embeddings": self.tied,
            "hidden_act": "silu",
            "attention_bias": false,
            "mlp_bias": false,
            "attention_dropout": 0.0,
            "initializer_range": 0.02,
            "torch_dtype": "float32",
        })
    }

    /// Reads a `config.json` of a `LlamaForCausalLM`; the error names the field that is missing or unsupported.
    pub fn from_hugging_face(json: &Value) -> Result<Self> {
        let kind = json.get("model_type").and_then(Value::as_str).unwrap_or("nothing");
        if kind != "llama" {
            return Err(setting_error("model_type", "llama".into(), kind));
        }
        if let Some(kind) =
            json.pointer("/rope_parameters/rope_type").filter(|kind| **kind != json!("default"))
        {
            return Err(setting_error("rope_type", "default".into(), kind));
        }
        for (setting, usual) in [
            ("hidden_act", json!("silu")),
            ("attention_bias", json!(false)),
            ("mlp_bias", json!(false)),
            ("rope_scaling", Value::Null),
        ] {
            let got = json.get(setting).unwrap_or(&usual);
            if *got != usual {
                return Err(setting_error(setting, usual.to_string(), got));
            }
        }
        let size = |setting| {
            let found = json.get(setting);
            found
                .and_then(Value::as_u64)
                .map(|n| n as usize)
                .ok_or_else(|| setting_error(setting, "a whole number".into(), found.unwrap_or(&Value::Null)))
        };
        let number = |setting, usual| json.get(setting).and_then(Value::as_f64).unwrap_or(usual);
        let theta = json.pointer("/rope_parameters/rope_theta").and_then(Value::as_f64).unwrap_or(10_000.0);
        let heads = size("num_attention_heads")?;
        let config = Self {
            vocabulary: size("vocab_size")?,
            context: size("max_position_embeddings")?,
            width: size("hidden_size")?,
            layers: size("num_hidden_layers")?,
            heads,
            kv_heads: if json.get("num_key_value_heads").is_some() {
                size("num_key_value_heads")?
            } else {
                heads
            },
            hidden: size("intermediate_size")?,
            rope_theta: number("rope_theta", theta),
            norm_epsilon: number("rms_norm_eps", 1e-6),
            tied: json.get("tie_word_embeddings").and_then(Value::as_bool).unwrap_or(false),
        };
        config.check()?;
        if json.get("head_dim").is_some_and(|width| width.as_u64() != Some(config.head_width() as u64)) {
            return Err(setting_error("head_dim", config.head_width().to_string(), &json["head_dim"]));
        }
        Ok(config)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "numbers and texts alike")]
fn setting_error(setting: &'static str, expected: String, got: impl std::fmt::Display) -> Error {
    Error::Setting { setting, expected, got: got.to_string() }
}
