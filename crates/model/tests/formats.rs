//! Models of other programs: the same weights come out, and damage is an error with a place.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use std::path::Path;

use candle_core::{DType, Tensor};
use common::gguf::{Writer, smallest_llama, text};
use common::{bits, random_decoder, tiny};
use model::formats::gguf::{self, Value};
use model::formats::{Imported, llama2c};
use model::{Config, Params};

const DREAMS: &str = "../../../shared/data/weights/aidreams260k";

fn parse(file: &Writer) -> model::Result<gguf::Gguf> {
    gguf::parse(Path::new("x.gguf"), file.bytes())
}

/// All that can be asked of a file.
fn import(bytes: Vec<u8>) -> model::Result<(Imported, gguf::GgufTokenizer)> {
    let file = gguf::parse(Path::new("x.gguf"), bytes)?;
    Ok((gguf::llama(&file)?, gguf::tokenizer(&file)?))
}

fn message(file: &Writer) -> String {
    import(file.bytes()).err().unwrap().to_string()
}

#[test]
fn every_packing_is_read_as_the_numbers_it_stands_for() {
    let halves = |halves: &[u16]| halves.iter().flat_map(|half| half.to_le_bytes()).collect::<Vec<u8>>();
    let block = |scales: &[u16], rest: Vec<u8>| [halves(scales), rest].concat();
    let nibbles: Vec<u8> = (0..16).map(|at| at | (15 - at) << 4).collect();
    let eights: Vec<u8> = (0..32).map(|at| (8 * at as u8).wrapping_sub(128)).collect();
    let up_and_down = || (0..16).chain((0..16).rev()).map(|number| number as f32);
    let cases: [(u32, u64, Vec<u8>, Vec<f32>); 6] = [
        (0, 2, [1.5_f32, -3e38].map(f32::to_le_bytes).concat(), vec![1.5, -3e38]),
        (
            1,
            5,
            halves(&[0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00]),
            vec![1.0, -2.0, 2.0_f32.powi(-24), 65504.0, f32::NEG_INFINITY],
        ),
        (30, 2, halves(&[0x3fc0, 0xc2c8]), vec![1.5, -100.0]),
        (
            2,
            32,
            block(&[0x3800], nibbles.clone()),
            up_and_down().map(|number| (number - 8.0) / 2.0).collect(),
        ),
        (3, 32, block(&[0x3800, 0xbc00], nibbles), up_and_down().map(|number| number / 2.0 - 1.0).collect()),
        (8, 32, block(&[0x3400], eights), (0..32).map(|at| (8 * at - 128) as f32 / 4.0).collect()),
    ];
    for (code, count, bytes, expected) in cases {
        // two rows of equal numbers
        let mut file = Writer::new();
        file.tensor("a", &[count, 2], code, &bytes.repeat(2));
        file.tensor("b", &[count], code, &bytes);
        let file = parse(&file).unwrap();
        let rows: Vec<Vec<f32>> = file.tensor("a").unwrap().to_vec2().unwrap();
        assert_eq!(rows, [expected.clone(), expected.clone()], "type {code}");
        assert_eq!(file.tensor("b").unwrap().to_vec1::<f32>().unwrap(), expected, "type {code}");
    }
}

#[test]
fn every_type_of_metadata_is_read() {
    let mut file = Writer::new();
    let nested = [
        &[9_u32.to_le_bytes(), 2_u32.to_le_bytes(), [0; 4]].concat()[..],
        &[&0_u32.to_le_bytes()[..], &2_u64.to_le_bytes(), &[7, 8]].concat(),
        &[&8_u32.to_le_bytes()[..], &1_u64.to_le_bytes(), &text("é")].concat(),
    ];
    let array = |values: &[Value]| Value::Array(values.to_vec());
    let cases: Vec<(u32, Vec<u8>, Value)> = vec![
        (0, vec![255], Value::Unsigned(255)),
        (1, vec![255], Value::Signed(-1)),
        (2, vec![1, 2], Value::Unsigned(513)),
        (3, vec![0, 128], Value::Signed(-32768)),
        (4, vec![255; 4], Value::Unsigned(u32::MAX.into())),
        (5, vec![255; 4], Value::Signed(-1)),
        (6, 0.5_f32.to_le_bytes().to_vec(), Value::Float(0.5)),
        (7, vec![1], Value::Bool(true)),
        (8, text("ü"), Value::Text("ü".into())),
        (
            9,
            nested.concat(),
            array(&[array(&[Value::Unsigned(7), Value::Unsigned(8)]), array(&[Value::Text("é".into())])]),
        ),
        (10, vec![255; 8], Value::Unsigned(u64::MAX)),
        (11, vec![255; 8], Value::Signed(-1)),
        (12, 0.1_f64.to_le_bytes().to_vec(), Value::Float(0.1)),
    ];
    for (code, bytes, _) in &cases {
        file.entry(&code.to_string(), *code, bytes);
    }
    let file = parse(&file).unwrap();
    for (code, _, expected) in cases {
        assert_eq!(file.metadata.values[&code.to_string()], expected);
    }
}

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

fn as_gguf(params: &Params, config: &Config) -> Writer {
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

fn as_llama2c(params: &Params, config: &Config) -> Vec<u8> {
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

#[test]
fn both_formats_give_back_the_model_that_was_written() {
    let config = tiny();
    let (params, _) = random_decoder(&config, DType::F32);
    let gguf = gguf::llama(&parse(&as_gguf(&params, &config)).unwrap()).unwrap();
    let llama2c = llama2c::parse(Path::new("x.bin"), &as_llama2c(&params, &config)).unwrap();
    for imported in [gguf, llama2c] {
        assert_eq!(imported.config, config);
        let (read, _) = imported.model().unwrap();
        assert_eq!(bits(&read), bits(&params));
    }
}

#[test]
fn a_tokenizer_is_taken_out_as_it_stands() {
    let (imported, tokenizer) = import(smallest_llama().bytes()).unwrap();
    assert!(imported.config.tied);
    imported.model().unwrap();
    let expected = gguf::GgufTokenizer {
        model: "gpt2".into(),
        pre: Some("smollm".into()),
        tokens: ["a", "Ġ", "aĠ"].map(String::from).to_vec(),
        kinds: vec![1, 1, 3],
        merges: vec![("a".into(), "Ġ".into())],
        eos: Some(2),
        chat_template: Some("{{ messages }}".into()),
        ..gguf::GgufTokenizer::default()
    };
    assert_eq!(tokenizer, expected);
}

#[test]
fn what_is_not_a_plain_llama_is_refused_by_name() {
    let cases: [(&str, fn(&mut Writer)); 13] = [
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
    let message = |file: &Writer| parse(file).err().unwrap().to_string();
    for (sizes, offset, expected) in [
        (&[8][..], 32, "tensor b: expected a place in bytes 64 to 64 of the data, got bytes 32 to 64"),
        (&[8], 64, "tensor b: expected a place in bytes 64 to 64 of the data, got bytes 64 to 96"),
        (&[1 << 61], 64, "tensor b: expected a size in memory, got sizes [2305843009213693952] at offset 64"),
    ] {
        let mut file = file.clone();
        file.describe("b", sizes, 0, offset);
        assert_eq!(message(&file), format!("x.gguf: {expected}"));
    }
    file.tensor("a", &[8], 0, &[0; 32]);
    assert_eq!(message(&file), "x.gguf: tensor a: expected one of this name, got two");
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
            if let Ok((imported, _)) = import(bytes) {
                drop(imported.model());
            }
        }
    }
}

#[test]
fn no_damage_to_llama2c_is_a_panic() {
    let config = Config { width: 4, hidden: 2, heads: 2, kv_heads: 1, layers: 1, ..tiny() };
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

#[test]
fn pieces_of_llama2c_are_read_to_the_end_of_the_file() {
    let piece = |score: f32, text: &str| {
        [&score.to_le_bytes()[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
    };
    let file = [3_u32.to_le_bytes().to_vec(), piece(0.0, ""), piece(-1.5, "abc")].concat();
    let parse = |bytes: &[u8]| llama2c::parse_pieces(Path::new("x.bin"), bytes);
    let pieces = parse(&file).unwrap();
    assert_eq!(pieces.len(), 2);
    assert_eq!(pieces[1], llama2c::Piece { bytes: b"abc".to_vec(), score: -1.5 });
    for end in (0..file.len()).filter(|end| ![4, 12].contains(end)) {
        assert!(parse(&file[..end]).is_err(), "{end}");
    }
    let message = parse(&[file, piece(0.0, "four")].concat()).err().unwrap().to_string();
    assert_eq!(message, "x.bin: piece 2: expected at most 3 bytes, got 4");
    let path = Path::new(DREAMS).join("tok512.bin");
    if !path.exists() {
        println!("skipped: shared data is absent");
        return;
    }
    let pieces = llama2c::read_pieces(&path).unwrap();
    assert_eq!(pieces.len(), 512);
    assert_eq!(pieces[1].bytes, b"\n<s>\n");
}
