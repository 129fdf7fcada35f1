//! Models on disk: a Hugging Face folder that other programs open, as `LlamaForCausalLM` or what else the model is.
//!
//! ```text
//! model.safetensors        weights by their Hugging Face names, f32
//! config.json              the size
//! generation_config.json   where a text begins and ends
//! trainer/                 what only a continued training needs: optimizer state, step, cursor
//! ```
//! The same weights give the same bytes. Files appear under their names only when they are whole.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Value, json};

use crate::architecture::{from_hugging_face, to_hugging_face};
use crate::{Config, Decoder, Error, Params, Result};

/// Ids with a meaning to programs that generate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Special {
    /// Stands before a text.
    pub begin: Option<u32>,
    /// Each of these ends one.
    pub end: Vec<u32>,
}

/// Writes the three files of a model into `directory`, which is made where it is missing.
pub fn write(directory: &Path, config: &Config, special: &Special, params: &Params) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io(directory))?;
    let mut architecture = to_hugging_face(config);
    architecture["bos_token_id"] = json!(special.begin);
    architecture["eos_token_id"] = json!(special.end);
    let generation = json!({ "bos_token_id": special.begin, "eos_token_id": special.end });
    write_json(&directory.join("config.json"), &architecture)?;
    write_json(&directory.join("generation_config.json"), &generation)?;
    let tensors = params.vars().into_iter().map(|(name, var)| (name, var.as_detached_tensor())).collect();
    write_tensors(&directory.join("model.safetensors"), &tensors)
}

/// Like [`write()`], but `directory` appears at once and whole, replacing one that is there.
pub fn save(directory: &Path, config: &Config, special: &Special, params: &Params) -> Result<()> {
    whole_directory(directory, |partial| write(partial, config, special, params))
}

/// Opens a model folder; its tensors must be exactly those that its `config.json` implies.
///
/// bf16 and f16 weights are widened to f32. Truncated, hostile or misshaped files are errors, never panics.
pub fn load(directory: &Path) -> Result<(Params, Decoder)> {
    let (config, tensors) = open(directory)?;
    let params = Params::from_tensors(tensors);
    let decoder = Decoder::new(&config, &params, "")?;
    params.check_all_used()?;
    Ok((params, decoder))
}

/// The size and the tensors of a model folder, for whoever puts more on a decoder than its own head.
pub fn open(directory: &Path) -> Result<(Config, BTreeMap<String, Tensor>)> {
    Ok((config(directory)?, read_tensors(&directory.join("model.safetensors"))?))
}

/// The size of a model folder, whose weights stay where they are.
pub fn config(directory: &Path) -> Result<Config> {
    let path = directory.join("config.json");
    let json: Value =
        serde_json::from_slice(&read(&path)?).map_err(|problem| Error::format(&path, problem.to_string()))?;
    from_hugging_face(&json)
}

/// Writes parameters alone into a safetensors file, which appears whole.
pub fn save_tensors(path: &Path, params: &Params) -> Result<()> {
    let tensors = params.vars().into_iter().map(|(name, var)| (name, var.as_detached_tensor())).collect();
    write_tensors(path, &tensors)
}

/// Reads all tensors of a safetensors file.
pub fn read_tensors(path: &Path) -> Result<BTreeMap<String, Tensor>> {
    let bytes = read(path)?;
    let file = safetensors::SafeTensors::deserialize(&bytes)
        .map_err(|problem| Error::format(path, problem.to_string()))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        let dtype = match view.dtype() {
            safetensors::Dtype::F32 => candle_core::DType::F32,
            safetensors::Dtype::F16 => candle_core::DType::F16,
            safetensors::Dtype::BF16 => candle_core::DType::BF16,
            safetensors::Dtype::U32 => candle_core::DType::U32,
            other => {
                let (expected, got) = ("F32, F16, BF16 or U32".into(), format!("{other:?}"));
                return Err(Error::Parameter { name: name.to_owned(), expected, got });
            }
        };
        let tensor = Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(tensors)
}

/// Writes tensors in an order of their own: the bytes depend on names and values only.
pub(crate) fn write_tensors(path: &Path, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    // transformers wants to be told which framework's layout this is
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let bytes = safetensors::serialize(tensors, Some(metadata))
        .map_err(|problem| Error::format(path, problem.to_string()))?;
    write_file(path, &bytes)
}

/// Writes an object with its keys in order, whatever features `serde_json` was built with.
pub(crate) fn write_json(path: &Path, value: &Value) -> Result<()> {
    let sorted: BTreeMap<_, _> = value.as_object().into_iter().flatten().collect();
    let mut text =
        serde_json::to_string_pretty(&sorted).map_err(|problem| Error::format(path, problem.to_string()))?;
    text.push('\n');
    write_file(path, text.as_bytes())
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::io(path))
}

/// Writes beside the final name, waits for the disk, renames.
fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = path.with_extension("partial");
    let mut file = File::create(&partial).map_err(Error::io(&partial))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io(&partial))?;
    fs::rename(&partial, path).map_err(Error::io(path))
}

/// Lets `fill` write into a directory of another name and gives it its own when all of it is on disk.
pub(crate) fn whole_directory(directory: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let Some(name) = directory.file_name() else {
        return Err(Error::format(directory, "a checkpoint needs a name"));
    };
    let mut hidden = std::ffi::OsString::from(".partial-");
    hidden.push(name);
    let partial = directory.with_file_name(hidden);
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Error::io(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(Error::io(&partial))?;
    fill(&partial)?;
    sync(&partial)?;
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(Error::io(directory))?;
    }
    fs::rename(&partial, directory).map_err(Error::io(directory))?;
    directory.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync)
}

fn sync(directory: &Path) -> Result<()> {
    File::open(directory).and_then(|file| file.sync_all()).map_err(Error::io(directory))
}
