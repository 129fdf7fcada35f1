//! GGUF, the format of llama.cpp (versions 2 and 3, little-endian; `docs/gguf.md` of ggml specifies it).
//!
//! A file is read in two steps: [`parse`] checks where everything is, whatever the architecture; [`llama`] and
//! [`tokenizer`] take out what they know the meaning of, and refuse what they would have to ignore.
//!
//! ```text
//! "GGUF"  version  number of tensors  number of entries
//! entries        key, type, value
//! descriptions   name, shape (innermost size first), type, offset into the data
//! padding        to a multiple of general.alignment, here and between tensors
//! data
//! ```

mod blocks;
mod llama;
mod metadata;
mod tokenizer;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};

pub use self::blocks::Packing;
pub use self::llama::llama;
pub use self::metadata::{Metadata, Value};
pub use self::tokenizer::{GgufTokenizer, tokenizer};
use super::bytes::{Bytes, wrong};
use crate::{Result, checkpoint};

/// A file whose parts are all where it says. Weights stay packed until [`Gguf::tensor`] asks for them.
#[derive(Clone, Debug)]
pub struct Gguf {
    /// Where it came from, for errors.
    pub path: PathBuf,
    /// What the file says about the model.
    pub metadata: Metadata,
    /// Its tensors by their names in the file.
    pub tensors: BTreeMap<String, Description>,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// Where a tensor is in a file, and how it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// How its numbers are packed.
    pub packing: Packing,
    /// Its sizes, outermost first: the reverse of their order in the file.
    pub shape: Vec<usize>,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

impl Gguf {
    /// The tensor `name` in f32.
    pub fn tensor(&self, name: &str) -> Result<Tensor> {
        let what = format!("tensor {name}");
        let Some(found) = self.tensors.get(name) else {
            return Err(wrong(&self.path, &what, "a tensor", "nothing"));
        };
        let Some(bytes) = self.bytes.get(found.range.clone()) else {
            let expected = format!("a place within {} bytes", self.bytes.len());
            return Err(wrong(&self.path, &what, expected, format!("bytes {:?}", found.range)));
        };
        Ok(Tensor::from_vec(found.packing.unpack(bytes), found.shape.clone(), &Device::Cpu)?)
    }
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Gguf> {
    parse(path, checkpoint::read(path)?)
}

/// Reads the bytes of a file; `path` is for errors only.
pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Gguf> {
    let mut head = Bytes::new(path, &bytes);
    let magic = head.array("magic")?;
    if magic != *b"GGUF" {
        return Err(head.wrong("magic", "GGUF", format!("{:?}", magic.escape_ascii().to_string())));
    }
    let version = head.u32("version")?;
    if !(2..=3).contains(&version) {
        return Err(head.wrong("version", "2 or 3, little-endian", version.to_string()));
    }
    let tensor_count = head.u64("number of tensors")?;
    let metadata = Metadata::read(&mut head)?;
    let alignment = alignment(&metadata)?;
    let described =
        (0..tensor_count).map(|_| description(&mut head, alignment)).collect::<Result<Vec<_>>>()?;
    let tensors = place(path, described, head.at.next_multiple_of(alignment), bytes.len())?;
    Ok(Gguf { path: path.to_owned(), metadata, tensors, bytes })
}

/// Every tensor begins at a multiple of so many bytes.
fn alignment(metadata: &Metadata) -> Result<usize> {
    let key = "general.alignment";
    let alignment = metadata.find(key, "a whole number", Value::as_whole)?.unwrap_or(32);
    let most = 1 << 20; // a few pages are in use
    if alignment == 0 || alignment > most || !alignment.is_multiple_of(8) {
        let expected = format!("a multiple of 8 up to {most}");
        return Err(wrong(&metadata.path, key, expected, alignment.to_string()));
    }
    Ok(alignment)
}

/// One description; its range counts from the begin of the data.
fn description(head: &mut Bytes<'_>, alignment: usize) -> Result<(String, Description)> {
    let name = metadata::text(head, "name of a tensor")?;
    let what = format!("tensor {name}");
    let dimensions = head.u32(&what)?;
    if !(1..=4).contains(&dimensions) {
        return Err(head.wrong(&what, "1 to 4 dimensions", dimensions.to_string()));
    }
    let mut shape = (0..dimensions).map(|_| head.u64(&what)).collect::<Result<Vec<_>>>()?;
    let code = head.u32(&what)?;
    let offset = head.u64(&what)?;
    let Some(packing) = Packing::of(code) else {
        return Err(head.wrong(&what, "F32, F16, BF16, Q4_0, Q4_1 or Q8_0", blocks::name_of(code)));
    };
    let (elements, bytes) = packing.block();
    if !shape[0].is_multiple_of(elements as u64) || shape.contains(&0) {
        let expected = format!("rows of whole blocks of {elements}");
        return Err(head.wrong(&what, expected, format!("sizes {shape:?}, innermost first")));
    }
    if !offset.is_multiple_of(alignment as u64) {
        let expected = format!("an offset that is a multiple of {alignment}");
        return Err(head.wrong(&what, expected, offset.to_string()));
    }
    let blocks = shape.iter().try_fold(1_u64, |count, &size| count.checked_mul(size));
    let length = blocks.and_then(|count| (count / elements as u64).checked_mul(bytes as u64));
    let Some(end) = length.and_then(|length| offset.checked_add(length)) else {
        return Err(head.wrong(&what, "a size in memory", format!("sizes {shape:?} at offset {offset}")));
    };
    shape.reverse();
    let shape = shape.into_iter().map(|size| size as usize).collect();
    Ok((name, Description { packing, shape, range: offset as usize..end as usize }))
}

/// Moves ranges to where the data begins, and refuses those that leave the file or share bytes.
fn place(
    path: &Path,
    mut described: Vec<(String, Description)>,
    start: usize,
    length: usize,
) -> Result<BTreeMap<String, Description>> {
    described.sort_by_key(|(_, tensor)| tensor.range.start);
    let available = length.saturating_sub(start);
    let mut tensors = BTreeMap::new();
    let mut free = 0;
    for (name, mut tensor) in described {
        let what = format!("tensor {name}");
        let Range { start: offset, end } = tensor.range;
        if offset < free || end > available {
            let expected = format!("a place in bytes {free} to {available} of the data");
            return Err(wrong(path, &what, expected, format!("bytes {offset} to {end}")));
        }
        free = end;
        tensor.range = start + offset..start + end;
        if tensors.insert(name, tensor).is_some() {
            return Err(wrong(path, &what, "one of this name", "two"));
        }
    }
    Ok(tensors)
}
