//! Models of other programs: what was written there comes out as our config, weights and tokenizer.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test stops at the first surprise")]

mod common;

use std::path::Path;

use candle_core::DType;
use common::foreign::{as_gguf, as_llama2c};
use common::gguf::{Writer, smallest_llama, text};
use common::{bits, llama, random_decoder};
use model::formats::gguf::{self, Value};
use model::formats::llama2c;

const DREAMS: &str = "../../../shared/data/weights/aidreams260k";

fn parse(file: &Writer) -> model::Result<gguf::Gguf> {
    gguf::parse(Path::new("x.gguf"), file.bytes())
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

#[test]
fn both_formats_give_back_the_model_that_was_written() {
    let config = llama();
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
    let file = parse(&smallest_llama()).unwrap();
    let (imported, tokenizer) = (gguf::llama(&file).unwrap(), gguf::tokenizer(&file).unwrap());
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
