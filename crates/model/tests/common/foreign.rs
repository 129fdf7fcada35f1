//! Our models in the files of other programs.

use candle_core::Tensor;
use model::{Config, Params};

use super::gguf::Writer;

/// Rows as llama.cpp and llama2.c want them: each head's halves become neighbours.
fn neighbours(weight: &Tensor, head_width: usize) -> Tensor {
    let (rows, width) = weight.dims2().unwrap();
    let halves = weight.reshape((rows / head_width, 2, head_width / 2, width)).unwrap();
    halves.transpose(1, 2).unwrap().reshape((rows, width)).unwrap()
}

/// The bytes of a parameter in the order of rows that both formats have.
fn weight(params: &Params, name: &str, config: &Config) -> Vec<u8> {
    let tensor = params.vars()[name].as_detached_tensor();
    let turned = name.contains("q_proj") || name.contains("k_proj");
    let tensor = if turned { neighbours(&tensor, config.head_width()) } else { tensor };
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().flat_map(|x| x.to_le_bytes()).collect()
}

const KINDS: [(&str, &str); 9] = [
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_down", "mlp.down_proj"),
    ("ffn_up", "mlp.up_proj"),
];

/// A GGUF file of these weights in f32.
pub fn as_gguf(params: &Params, config: &Config) -> Writer {
    let mut file = Writer::new();
    file.text("general.architecture", "llama");
    for (key, size) in [
        ("context_length", config.context),
        ("embedding_length", config.width),
        ("block_count", config.layers),
        ("attention.head_count", config.heads),
        ("attention.head_count_kv", config.kv_heads),
        ("feed_forward_length", config.hidden),
    ] {
        file.whole(&format!("llama.{key}"), size as u32);
    }
    file.float("llama.rope.freq_base", config.rope_theta as f32);
    file.entry("llama.attention.layer_norm_rms_epsilon", 12, &config.norm_epsilon.to_le_bytes());
    let mut names = vec![
        ("token_embd.weight".to_owned(), "model.embed_tokens.weight".to_owned()),
        ("output_norm.weight".to_owned(), "model.norm.weight".to_owned()),
        ("output.weight".to_owned(), "lm_head.weight".to_owned()),
    ];
    for layer in 0..config.layers {
        let name = |(theirs, ours)| {
            (format!("blk.{layer}.{theirs}.weight"), format!("model.layers.{layer}.{ours}.weight"))
        };
        names.extend(KINDS.map(name));
    }
    for (theirs, ours) in names {
        let sizes: Vec<u64> = params.vars()[&ours].dims().iter().rev().map(|&size| size as u64).collect();
        file.tensor(&theirs, &sizes, 0, &weight(params, &ours, config));
    }
    file
}

/// A llama2.c file of these weights, with a head of its own.
pub fn as_llama2c(params: &Params, config: &Config) -> Vec<u8> {
    let Config { width, hidden, layers, heads, kv_heads, vocabulary, context, .. } = *config;
    let sizes = [width, hidden, layers, heads, kv_heads, vocabulary, context].map(|size| size as i32);
    let mut file: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
    file[20..24].copy_from_slice(&(-sizes[5]).to_le_bytes());
    file.extend(weight(params, "model.embed_tokens.weight", config));
    for (_, kind) in KINDS {
        for layer in 0..layers {
            file.extend(weight(params, &format!("model.layers.{layer}.{kind}.weight"), config));
        }
    }
    file.extend(weight(params, "model.norm.weight", config));
    file.extend(vec![0; 4 * context * config.head_width()]);
    file.extend(weight(params, "lm_head.weight", config));
    file
}
