//! A decoder's size as a Hugging Face `config.json`.

use serde_json::{Value, json};

use crate::config::setting_error;
use crate::{Config, Family, Result};

impl Family {
    /// The name of Hugging Face's class, and its `model_type`.
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::Gpt2 => ["GPT2LMHeadModel", "gpt2"],
            Self::Llama => ["LlamaForCausalLM", "llama"],
            Self::Nanochat => ["NanoChatForCausalLM", "nanochat"],
        }
    }
}

/// The `config.json` that other programs open.
pub(crate) fn to_hugging_face(config: &Config) -> Value {
    let [class, model_type] = config.family.names();
    let mut value = match config.family {
        Family::Gpt2 => json!({
            "n_positions": config.context,
            "n_embd": config.width,
            "n_layer": config.layers,
            "n_head": config.heads,
            "n_inner": config.hidden,
            "layer_norm_epsilon": config.norm_epsilon,
            "activation_function": "gelu_new",
            "attn_pdrop": 0.0,
            "embd_pdrop": 0.0,
            "resid_pdrop": 0.0,
        }),
        Family::Llama | Family::Nanochat => json!({
            "max_position_embeddings": config.context,
            "hidden_size": config.width,
            "num_hidden_layers": config.layers,
            "num_attention_heads": config.heads,
            "num_key_value_heads": config.kv_heads,
            "head_dim": config.head_width(),
            "intermediate_size": config.hidden,
            "rope_theta": config.rope_theta,
            "rms_norm_eps": config.norm_epsilon,
            "attention_bias": false,
            "attention_dropout": 0.0,
        }),
    };
    match config.family {
        Family::Gpt2 => {}
        Family::Llama => {
            value["hidden_act"] = json!("silu");
            value["mlp_bias"] = json!(false);
        }
        Family::Nanochat => {
            value["hidden_act"] = json!("relu2");
            value["final_logit_softcapping"] = json!((config.softcap > 0.0).then_some(config.softcap));
            // otherwise token 1, whose embedding would never learn there
            value["pad_token_id"] = Value::Null;
        }
    }
    value["architectures"] = json!([class]);
    value["model_type"] = json!(model_type);
    value["vocab_size"] = json!(config.vocabulary);
    value["tie_word_embeddings"] = json!(config.tied);
    value["initializer_range"] = json!(0.02);
    value["torch_dtype"] = json!("float32");
    value
}

/// Reads a `config.json`; the error names the field that is missing or unsupported.
pub(crate) fn from_hugging_face(json: &Value) -> Result<Config> {
    let fields = Fields(json);
    let model_type = json.get("model_type").and_then(Value::as_str).unwrap_or("nothing");
    let config = match model_type {
        "gpt2" => gpt2(&fields)?,
        "llama" => rotary(&fields, Family::Llama)?,
        "nanochat" => rotary(&fields, Family::Nanochat)?,
        other => return Err(setting_error("model_type", "gpt2, llama or nanochat".into(), other)),
    };
    config.check()?;
    Ok(config)
}

fn gpt2(fields: &Fields<'_>) -> Result<Config> {
    for (setting, usual) in [
        ("activation_function", json!("gelu_new")),
        ("scale_attn_weights", json!(true)),
        ("scale_attn_by_inverse_layer_idx", json!(false)),
        ("add_cross_attention", json!(false)),
    ] {
        fields.only(setting, &usual)?;
    }
    let (width, heads) = (fields.size("n_embd")?, fields.size("n_head")?);
    Ok(Config {
        family: Family::Gpt2,
        vocabulary: fields.size("vocab_size")?,
        context: fields.size("n_positions")?,
        width,
        layers: fields.size("n_layer")?,
        heads,
        kv_heads: heads,
        hidden: fields.size_or("n_inner", width.saturating_mul(4))?,
        norm_epsilon: fields.number("layer_norm_epsilon", 1e-5)?,
        tied: fields.flag("tie_word_embeddings", true)?,
        softcap: 0.0,
        ..Config::default()
    })
}

/// Llama and nanochat, which name their sizes alike.
fn rotary(fields: &Fields<'_>, family: Family) -> Result<Config> {
    let activation = if family == Family::Llama { "silu" } else { "relu2" };
    for (setting, usual) in [
        ("hidden_act", json!(activation)),
        ("attention_bias", json!(false)),
        ("mlp_bias", json!(false)),
        ("rope_scaling", Value::Null),
    ] {
        fields.only(setting, &usual)?;
    }
    let inner = fields.get("rope_parameters").map(Fields);
    if let Some(inner) = &inner {
        inner.only("rope_type", &json!("default"))?;
    }
    let theta = inner.map_or(Ok(10_000.0), |inner| inner.number("rope_theta", 10_000.0))?;
    let softcap = match family {
        Family::Nanochat if fields.0.get("final_logit_softcapping") == Some(&Value::Null) => 0.0,
        Family::Nanochat => fields.number("final_logit_softcapping", 15.0)?,
        _ => 0.0,
    };
    let heads = fields.size("num_attention_heads")?;
    let config = Config {
        family,
        vocabulary: fields.size("vocab_size")?,
        context: fields.size("max_position_embeddings")?,
        width: fields.size("hidden_size")?,
        layers: fields.size("num_hidden_layers")?,
        heads,
        kv_heads: fields.size_or("num_key_value_heads", heads)?,
        hidden: fields.size("intermediate_size")?,
        rope_theta: fields.number("rope_theta", theta)?,
        norm_epsilon: fields.number("rms_norm_eps", 1e-6)?,
        tied: fields.flag("tie_word_embeddings", false)?,
        softcap,
    };
    config.check()?;
    fields.only("head_dim", &json!(config.head_width()))?;
    Ok(config)
}

/// The fields of a `config.json`. One that is null says nothing, like one that is missing.
struct Fields<'a>(&'a Value);

impl<'a> Fields<'a> {
    fn get(&self, setting: &str) -> Option<&'a Value> {
        self.0.get(setting).filter(|value| !value.is_null())
    }

    /// Refuses any other value than the only one that the decoder knows.
    fn only(&self, setting: &'static str, usual: &Value) -> Result<()> {
        match self.get(setting) {
            Some(got) if got != usual => Err(setting_error(setting, usual.to_string(), got)),
            _ => Ok(()),
        }
    }

    fn size(&self, setting: &'static str) -> Result<usize> {
        let found = self.get(setting).unwrap_or(&Value::Null);
        let size = found.as_u64().and_then(|size| usize::try_from(size).ok());
        size.ok_or_else(|| setting_error(setting, "a whole number".into(), found))
    }

    fn size_or(&self, setting: &'static str, usual: usize) -> Result<usize> {
        if self.get(setting).is_some() { self.size(setting) } else { Ok(usual) }
    }

    fn number(&self, setting: &'static str, usual: f64) -> Result<f64> {
        let Some(found) = self.get(setting) else { return Ok(usual) };
        found.as_f64().ok_or_else(|| setting_error(setting, "a number".into(), found))
    }

    fn flag(&self, setting: &'static str, usual: bool) -> Result<bool> {
        let Some(found) = self.get(setting) else { return Ok(usual) };
        found.as_bool().ok_or_else(|| setting_error(setting, "true or false".into(), found))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{from_hugging_face, to_hugging_face};
    use crate::{Config, Error};

    #[test]
    fn a_value_of_a_wrong_type_is_no_default() {
        let config = Config::default();
        let changed = |setting: &str, value: Value| {
            let mut json = to_hugging_face(&config);
            json[setting] = value;
            from_hugging_face(&json)
        };
        for (setting, wrong) in [
            ("rms_norm_eps", json!("1e-5")),
            ("tie_word_embeddings", json!("false")),
            ("rope_theta", json!([10_000])),
            ("num_hidden_layers", json!(-1)),
            ("final_logit_softcapping", json!("none")),
        ] {
            match changed(setting, wrong) {
                Err(Error::Setting { setting: named, .. }) => assert_eq!(named, setting),
                other => panic!("{setting}: {other:?}"),
            }
        }
        assert_eq!(changed("head_dim", Value::Null).unwrap(), config, "null says nothing");
        assert_eq!(changed("rope_parameters", json!({ "rope_type": null })).unwrap(), config);
        let scaled = changed("rope_parameters", json!({ "rope_type": "yarn" }));
        assert!(matches!(scaled, Err(Error::Setting { setting: "rope_type", .. })), "{scaled:?}");
    }
}
