//! Models on disk: whole, deterministic, and refused with a reason where they are not.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::path::Path;

use candle_core::DType;
use common::{bits, llama, random_decoder};
use model::checkpoint::{Special, load, save};

fn saved(directory: &Path) -> model::Params {
    let (params, _) = random_decoder(&llama(), DType::F32);
    save(directory, &llama(), &Special { begin: Some(0), end: vec![0] }, &params).unwrap();
    params
}

fn edit_config(directory: &Path, key: &str, value: u64) {
    let path = directory.join("config.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    json[key] = value.into();
    std::fs::write(path, json.to_string()).unwrap();
}

fn message(directory: &Path) -> String {
    load(directory).err().unwrap().to_string()
}

#[test]
fn a_model_comes_back_as_it_was_and_is_written_the_same_twice() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("a"), directory.path().join("b"));
    let params = saved(&first);
    let (loaded, decoder) = load(&first).unwrap();
    assert_eq!(bits(&params), bits(&loaded));
    assert_eq!(decoder.config(), &llama());
    save(&second, &llama(), &Special { begin: Some(0), end: vec![0] }, &loaded).unwrap();
    for name in ["model.safetensors", "config.json", "generation_config.json"] {
        assert_eq!(
            std::fs::read(first.join(name)).unwrap(),
            std::fs::read(second.join(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_model_that_does_not_fit_its_config_is_refused_by_tensor() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("a");
    saved(&folder);
    edit_config(&folder, "num_hidden_layers", 3);
    assert_eq!(message(&folder), "tensor model.layers.2.input_layernorm.weight: expected [16], got nothing");
    edit_config(&folder, "num_hidden_layers", 1);
    assert_eq!(
        message(&folder),
        "tensor model.layers.1.input_layernorm.weight: expected nothing of this name, got a tensor"
    );
    edit_config(&folder, "num_hidden_layers", 2);
    edit_config(&folder, "intermediate_size", 25);
    assert_eq!(
        message(&folder),
        "tensor model.layers.0.mlp.gate_proj.weight: expected [25, 16], got [24, 16]"
    );
    edit_config(&folder, "intermediate_size", u64::MAX);
    assert!(message(&folder).starts_with("hidden: expected"));
}

/// GPT-2 may leave its inner size away, which is four times the width then.
#[test]
fn a_width_whose_fourfold_is_no_number_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let sizes = format!(
        r#"{{"model_type":"gpt2","vocab_size":9,"n_positions":8,"n_embd":{},"n_layer":1,"n_head":2}}"#,
        u64::MAX
    );
    std::fs::write(directory.path().join("config.json"), sizes).unwrap();
    assert!(message(directory.path()).starts_with("width: expected"));
}

#[test]
fn damaged_tensor_files_are_errors_and_not_panics() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("a");
    saved(&folder);
    let path = folder.join("model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    for end in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..end]).unwrap();
        assert!(message(&folder).contains("model.safetensors"), "{end}");
    }
    for at in (0..600).step_by(3) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, &bytes).unwrap();
        // a name may survive, a shape may not: no promise here but to return
        drop(load(&folder));
    }
}
