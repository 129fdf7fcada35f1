//! Damaged, hostile and unsupported files of other programs: errors with a place and a reason, never panics.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use std::path::Path;

use candle_core::DType;
use common::foreign::as_llama2c;
use common::gguf::{Writer, smallest_llama};
use common::{llama, random_decoder};
use model::Config;
use model::formats::{Imported, gguf, llama2c};

/// All that can be asked of a file.
fn import(bytes: Vec<u8>) -> model::Result<(Imported, gguf::GgufTokenizer)> {
    let file = gguf::parse(Path::new("x.gguf"), bytes)?;
    Ok((gguf::llama(&file)?, gguf::tokenizer(&file)?))
}

fn message(file: &Writer) -> String {
    import(file.bytes()).err().unwrap().to_string()
}

/// Adds to a sound file what it must not have.
type Spoil = fn(&mut Writer);

#[test]
fn what_is_not_a_plain_llama_is_refused_by_name() {
    let cases: [(&str, Spoil); 13] = [
        ("llama.rope.scaling.type: expected none, got linear", |file| {
            file.text("llama.rope.scaling.type", "linear");
        }),
        ("llama.rope.scaling.factor: expected 1, got 8", |file| {
            file.float("llama.rope.scaling.factor", 8.0);
        }),
        ("llama.attention.key_length: expected 2, got 4", |file| {
            file.whole("llama.attention.key_length", 4);
        }),
        ("llama.block_count: expected one entry, got another after 1", |file| {
            file.whole("llama.block_count", 2);
        }),
        ("general.alignment: expected a multiple of 8 up to 1048576, got 0", |file| {
            file.whole("general.alignment", 0);
        }),
        ("tokenizer.ggml.bos_token_id: expected an id below 3, got 3", |file| {
            file.whole("tokenizer.ggml.bos_token_id", 3);
        }),
        ("tokenizer.ggml.scores: expected one for each of 3 tokens, got 1", |file| {
            file.array("tokenizer.ggml.scores", 6, &[vec![0; 4]]);
        }),
        ("deep: expected arrays at most 4 deep, got more", |file| {
            let array = [&9_u32.to_le_bytes()[..], &1_u64.to_le_bytes()].concat();
            file.entry("deep", 9, &array.repeat(100_000));
        }),
        ("tensor blk.0.attn_q.bias: expected a weight of a plain Llama, got another", |file| {
            file.tensor("blk.0.attn_q.bias", &[4], 0, &[0; 16]);
        }),
        ("tensor output.weight: expected F32, F16, BF16, Q4_0, Q4_1 or Q8_0, got Q6_K", |file| {
            file.tensor("output.weight", &[256, 3], 14, &[]);
        }),
        ("tensor output.weight: expected an offset that is a multiple of 32, got 4", |file| {
            file.describe("output.weight", &[4, 3], 0, 4);
        }),
        ("tensor a: expected rows of whole blocks of 32, got sizes [16, 2], innermost first", |file| {
            file.tensor("a", &[16, 2], 2, &[0; 18]);
        }),
        ("tensor a: expected a size in memory, got sizes [4294967296, 4294967296] at offset 0", |file| {
            file.describe("a", &[1 << 32, 1 << 32], 0, 0);
        }),
    ];
    for (expected, spoil) in cases {
        let mut file = smallest_llama();
        spoil(&mut file);
        assert_eq!(message(&file), format!("x.gguf: {expected}"));
    }
}

#[test]
fn tensors_lie_in_the_file_and_apart() {
    let mut file = Writer::new();
    file.tensor("a", &[16], 0, &[0; 64]);
    for (sizes, offset, expected) in [
        (&[8][..], 32, "tensor b: expected a place in bytes 64 to 64 of the data, got bytes 32 to 64"),
        (&[8], 64, "tensor b: expected a place in bytes 64 to 64 of the data, got bytes 64 to 96"),
        (&[1 << 62], 64, "tensor b: expected a size in memory, got sizes [4611686018427387904] at offset 64"),
    ] {
        let mut file = file.clone();
        file.describe("b", sizes, 0, offset);
        assert_eq!(message(&file), format!("x.gguf: {expected}"));
    }
    file.tensor("a", &[8], 0, &[0; 32]);
    assert_eq!(message(&file), "x.gguf: tensor a: expected one of this name, got two");
}

#[test]
fn texts_are_utf8_and_counts_are_not_believed() {
    let most = u64::MAX.to_le_bytes();
    let bytes = [&0_u32.to_le_bytes()[..], &most].concat();
    for (code, value, expected) in [
        (8, &[1, 0, 0, 0, 0, 0, 0, 0, 255][..], "UTF-8 at byte 47, got invalid utf-8 sequence of 1 bytes"),
        (8, &most, "18446744073709551615 bytes at byte 47, got 17"),
        (9, &bytes, "1 bytes at byte 64, got 0"),
        (7, &[2], "0 or 1, got 2"),
        (13, &[], "a type from 0 to 12, got 13"),
    ] {
        let mut file = Writer::new();
        file.entry("key", code, value);
        let message = message(&file);
        assert!(message.starts_with(&format!("x.gguf: key: expected {expected}")), "{message}");
    }
}

#[test]
fn no_damage_to_gguf_is_a_panic() {
    let whole = smallest_llama().bytes();
    // the padding at the end is nobody's
    for end in 0..whole.len() - 16 {
        assert!(import(whole[..end].to_vec()).is_err(), "{end}");
    }
    for at in 0..whole.len() {
        for change in [0x01, 0x10, 0x55, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            // letters of a token or a weight may be others, and a model of them is one
            if let Ok((mut imported, _)) = import(bytes) {
                imported.config.context = 4; // a damaged one costs seconds of sines
                drop(imported.model());
            }
        }
    }
}

#[test]
fn no_damage_to_llama2c_is_a_panic() {
    let config = Config { width: 4, hidden: 2, heads: 2, kv_heads: 1, layers: 1, ..llama() };
    let (params, _) = random_decoder(&config, DType::F32);
    let whole = as_llama2c(&params, &config);
    let parse = |bytes: &[u8]| llama2c::parse(Path::new("x.bin"), bytes);
    for end in 0..whole.len() {
        assert!(parse(&whole[..end]).is_err(), "{end}");
    }
    let longer = [&whole[..], &[0; 4]].concat();
    let expected =
        format!("x.bin: weights: expected the end of the file at byte {}, got 4 bytes more", whole.len());
    assert_eq!(parse(&longer).err().unwrap().to_string(), expected);
    for at in 0..28 {
        for change in 1..=255 {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            // the number of heads alone may become another without a change of any weight's size
            if let Ok(imported) = parse(&bytes) {
                drop(imported.model());
            }
        }
    }
}
