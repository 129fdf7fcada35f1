//! Pictures and sounds: what is shown and played is read as codes, what codes stand for is shown and played, and files that
//! nobody should send are refused for what they are.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use codec::files::{self, Bounds};
use codec::{Image, Sound};
use serde_json::{Value, json};

use super::house::House;

const CHAT: &str = "/v1/chat/completions";

/// Black above, white below: the picture's codes are 0, 0, 3, 3.
fn png() -> Vec<u8> {
    let pixels: Vec<u8> = (0..8 * 8 * 3).map(|at| if at < 96 { 0 } else { 255 }).collect();
    files::write_png(&Image::new(8, 8, pixels).unwrap()).unwrap()
}

fn wav(seconds: f64) -> Vec<u8> {
    let samples = (0..(seconds * 8e3) as usize).map(|t| (t as f32 * 0.5).sin() * 0.4).collect();
    files::write_wav(&Sound::new(8_000, samples).unwrap()).unwrap()
}

fn picture(bytes: &[u8]) -> Value {
    let url = format!("data:image/png;base64,{}", BASE64_STANDARD.encode(bytes));
    json!({ "type": "image_url", "image_url": { "url": url, "detail": "low" } })
}

fn sound(bytes: &[u8]) -> Value {
    json!({ "type": "input_audio", "input_audio": { "data": BASE64_STANDARD.encode(bytes), "format": "wav" } })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// A request about `parts`.
fn about(parts: &[Value], more: &Value) -> Value {
    let mut body = json!({ "model": "chat", "messages": [{ "role": "user", "content": parts }],
        "max_tokens": 8, "seed": 7, "return_token_ids": true });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn ids(list: &Value) -> Vec<u32> {
    list.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

/// The file in a `data:` URL.
fn file(url: &Value) -> Vec<u8> {
    let (_, text) = url.as_str().unwrap().split_once(";base64,").unwrap();
    BASE64_STANDARD.decode(text).unwrap()
}

/// Lets the model write these ids and nothing else: each is likely once, the first most.
fn writing(told: &[u32]) -> Value {
    let bias: serde_json::Map<String, Value> =
        told.iter().enumerate().map(|(at, id)| (id.to_string(), json!(100.0 - at as f64 * 0.5))).collect();
    json!({ "logit_bias": bias, "temperature": 0, "presence_penalty": 2, "frequency_penalty": 2, "max_tokens": told.len() })
}

#[test]
fn what_is_shown_and_played_is_read_as_codes_between_marks() {
    let house = House::sensing();
    let run = house.done("GET", "/playground/run", &Value::Null);
    let senses = |at: usize| [&run["models"][at]["sees"], &run["models"][at]["hears"]];
    let sample =
        json!({ "kind": "audio", "url": "data:audio/wav;base64,UklGRg==", "question": "Which note?" });
    assert_eq!((&run["samples"], &run["largest_file"]), (&json!([sample]), &json!(4 << 20)));
    assert_eq!((senses(0), senses(1)), ([&json!(false); 2], [&json!(true); 2]));

    let parts = [picture(&png()), text("What"), text(" is it?"), sound(&wav(0.05))];
    let told = house.done("POST", CHAT, &about(&parts, &json!({})));
    let prompt = house.text(&ids(&told["prompt_token_ids"]));
    let (before, sounds) = prompt.split_once("<|image_end|>What is it?<|audio_start|>").unwrap();
    assert_eq!(before, "<|bos|><|user_start|><|image_start|><|image_0|><|image_0|><|image_3|><|image_3|>");
    let (sounds, after) = sounds.split_once("<|audio_end|>").unwrap();
    assert!(
        sounds.matches("<|audio_").count().is_multiple_of(2) && after == "<|user_end|><|assistant_start|>"
    );

    // the page is told the same codes, and where they stand
    let (status, seen) = house.send("/playground/media?model=chat", "image/png", &png());
    assert_eq!((status, &seen["kind"], &seen["seconds"]), (200, &json!("image"), &Value::Null), "{seen}");
    let names: Vec<&str> =
        seen["tokens"].as_array().unwrap().iter().map(|token| token["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["<|image_0|>", "<|image_0|>", "<|image_3|>", "<|image_3|>"]);
    assert_eq!(seen["grid"], json!({ "columns": 2, "rows": 2, "levels": 1 }));
    let given = files::read_image(&png(), &Bounds::default()).unwrap();
    for url in [&seen["picture"], &seen["rounded"], &seen["decoded"]] {
        assert_eq!(files::read_image(&file(url), &Bounds::default()).unwrap(), given);
    }
    let (status, heard) = house.send("/playground/media?model=chat", "audio/x-wav", &wav(0.05));
    assert_eq!((status, &heard["seconds"], &heard["kind"]), (200, &json!(0.05), &json!("audio")), "{heard}");
    let columns = heard["grid"]["columns"].as_u64().unwrap() as usize;
    assert_eq!((ids(&heard["ids"]).len(), &heard["grid"]["levels"]), (columns * 2, &json!(2)));
    let spectrogram = files::read_image(&file(&heard["picture"]), &Bounds::default()).unwrap();
    assert_eq!((spectrogram.width(), spectrogram.height()), (columns * 2, 4));
    assert!(files::read_wav(&file(&heard["decoded"]), &Bounds::default()).is_ok());
    // and from codes alone
    for seen in [seen, heard] {
        let asked = json!({ "model": "chat", "ids": seen["ids"] });
        let again = house.done("POST", "/playground/media/decode", &asked);
        assert_eq!((&again["decoded"], &again["tokens"]), (&seen["decoded"], &seen["tokens"]));
        assert_eq!((&again["rounded"], &again["picture"]), (&seen["rounded"], &Value::Null));
    }
}

#[test]
fn what_is_drawn_and_made_is_no_word_and_is_read_again() {
    let house = House::sensing();
    let id = |name: &str| house.special(&format!("<|{name}|>"));
    let drawn =
        ["image_start", "image_0", "image_1", "image_2", "image_3", "image_end", "assistant_end"].map(id);
    let made = ["audio_start", "audio_2", "audio_3", "audio_end", "assistant_end"].map(id);
    let cut = ["image_start", "image_1", "image_0"].map(id);
    let strange = ["image_start", "image_1", "audio_0", "assistant_end"].map(id);
    for (told, kind, error) in [
        (&drawn[..], "image", None),
        (&made[..], "audio", None),
        (&cut[..], "image", Some("it broke off behind 2 codes: 2 ids: expected 4")),
        (&strange[..], "image", Some("it broke off behind 1 code: 1 ids: expected 4")),
    ] {
        let whole = about(&[text("Draw.")], &writing(told));
        let answer = house.done("POST", CHAT, &whole);
        let choice = &answer["choices"][0];
        assert_eq!(ids(&choice["token_ids"]), told, "the model does as it is bid");
        let message = &choice["message"];
        assert_eq!(message["content"], "");
        let [medium] = &message["media"].as_array().unwrap()[..] else { panic!("{message}") };
        assert_eq!((&medium["type"], medium["error"].as_str()), (&json!(kind), error));
        match (kind, error) {
            (_, Some(_)) => assert_eq!(medium["url"], Value::Null),
            ("image", _) => drop(files::read_image(&file(&medium["url"]), &Bounds::default()).unwrap()),
            _ => drop(files::read_wav(&file(&medium["url"]), &Bounds::default()).unwrap()),
        }
        // streamed it is the same, in one piece
        let mut streamed = whole.clone();
        streamed["stream"] = json!(true);
        let events = house.events(CHAT, &streamed);
        let media: Vec<&Value> = events
            .iter()
            .map(|event| &event["choices"][0]["delta"])
            .filter(|delta| !delta["media"].is_null())
            .map(|delta| &delta["media"])
            .collect();
        assert_eq!(media, [&message["media"]]);
        // and behind the next question the model reads what it wrote
        let mut messages = whole["messages"].as_array().unwrap().clone();
        messages.extend([message.clone(), json!({ "role": "user", "content": "And?" })]);
        let again = house.done("POST", CHAT, &about(&[], &json!({ "messages": messages })));
        let codes: Vec<u32> = ids(&medium["ids"]);
        assert!(ids(&again["prompt_token_ids"]).windows(codes.len()).any(|window| window == codes));
        // an X-ray knows what they are
        let asked = json!({ "model": "chat", "messages": whole["messages"], "answer": choice["token_ids"] });
        let seen = house.done("POST", "/playground/xray", &asked);
        let tokens = seen["tokens"].as_array().unwrap();
        assert_eq!(
            tokens.iter().filter(|token| token["kind"] == kind).count(),
            if told == strange { 1 } else { codes.len() }
        );
        let shown = seen["media"].as_array().unwrap();
        assert_eq!(shown.len(), usize::from(error.is_none()));
        for shown in shown {
            let at = shown["at"].as_u64().unwrap() as usize;
            assert_eq!((&tokens[at]["id"], &shown["ids"]), (&medium["ids"][0], &medium["ids"]));
        }
    }
    let shown = json!({ "model": "chat", "messages": [{ "role": "user", "content": [picture(&png())] }] });
    let seen = house.done("POST", "/playground/xray", &shown);
    let of_picture = seen["tokens"].as_array().unwrap().iter().filter(|token| token["kind"] == "image");
    assert_eq!(of_picture.count(), 4);
    assert_eq!((&seen["media"][0]["at"], &seen["media"][0]["grid"]["columns"]), (&json!(3), &json!(2)));
}

/// A PNG that says it has so many pixels, and has none.
fn promising(edge: u32) -> Vec<u8> {
    let mut png = png();
    png[16..20].copy_from_slice(&edge.to_be_bytes());
    png[20..24].copy_from_slice(&edge.to_be_bytes());
    let mut crc = !0u32;
    for byte in &png[12..29] {
        crc ^= u32::from(*byte);
        (0..8).for_each(|_| crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 });
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

/// A WAV of 32-bit floats.
fn floats(rate: u32, samples: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x03\0\x01\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((4 * rate).to_le_bytes());
    wav.extend(b"\x04\0\x20\0data");
    wav.extend((bytes.len() as u32).to_le_bytes());
    wav.extend(bytes);
    wav
}

#[test]
fn files_that_nobody_should_send_are_refused_for_what_they_are() {
    let house = House::sensing();
    let (png, wav) = (png(), wav(0.1));
    let cases: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("a whole picture", "image/png", png.clone(), 200, ""),
        ("nothing", "image/png", vec![], 400, "no PNG or JPEG"),
        ("half a picture", "image/png", png[..png.len() / 2].to_vec(), 400, "no PNG or JPEG"),
        ("a head", "image/png", png[..30].to_vec(), 400, "no PNG or JPEG"),
        ("no picture", "image/jpeg", b"GIF89a".to_vec(), 400, "no PNG or JPEG"),
        ("a sound as a picture", "image/png", wav.clone(), 400, "no PNG or JPEG"),
        ("a picture that is none", "image/png", promising(60_000), 400, "pixels"),
        ("a whole sound", "audio/wav", wav.clone(), 200, ""),
        ("half a head", "audio/wav", wav[..20].to_vec(), 400, "no WAV"),
        ("a picture as a sound", "audio/wave", png.clone(), 400, "no WAV"),
        ("a sound of nothing", "audio/wav", floats(8_000, &[]), 400, "no samples"),
        ("no number", "audio/wav", floats(8_000, &[0.0, f32::NAN]), 400, "sample 1 is NaN"),
        ("beyond all numbers", "audio/wav", floats(8_000, &[f32::INFINITY]), 400, "sample 0 is inf"),
        ("an odd rate", "audio/wav", floats(7, &[0.0]), 400, "7 Hz"),
        ("a long sound", "audio/wav", floats(8_000, &[0.1; 20_000]), 400, "2000 at most"),
        ("an endless sound", "audio/wav", floats(1_000, &[0.1; 61_000]), 400, "61.0 seconds, and 60 at most"),
        ("another kind", "image/webp", png.clone(), 415, "image/png or image/jpeg or audio/wav"),
        ("JSON", "application/json", b"{}".to_vec(), 415, "image/png"),
        ("no kind", "", png.clone(), 415, "image/png"),
        ("too much", "image/png", vec![0; (4 << 20) + 1], 413, ""),
    ];
    for (what, kind, bytes, status, word) in &cases {
        let (got, answer) = house.send("/playground/media?model=chat", kind, bytes);
        assert_eq!(got, *status, "{what}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(word) && (*status == 200 || !message.is_empty()), "{what}: {answer}");
        // the same by the API
        let part = match *kind {
            "image/png" | "image/jpeg" => picture(bytes),
            "audio/wav" | "audio/wave" => sound(bytes),
            _ => continue,
        };
        let (got, answer) = house.ask("POST", CHAT, &about(&[text("?"), part], &json!({})));
        assert_eq!(got, *status, "{what}: {answer}");
        let param = answer["error"]["param"].as_str().unwrap_or_default();
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(word), "{what}: {answer}");
        assert!(*status != 400 || param.starts_with("messages[0].content[1]."), "{what}: {answer}");
    }
    let url = |url: &str| json!({ "type": "image_url", "image_url": { "url": url } });
    let audio = |data: &str, format: &str| json!({ "type": "input_audio", "input_audio": { "data": data, "format": format } });
    let hidden = |kind: &str, ids: &[u32]| {
        json!({ "messages": [{ "role": "user", "content": "?" },
            { "role": "assistant", "content": "!", "media": [{ "type": kind, "ids": ids }] },
            { "role": "user", "content": "?" }] })
    };
    let more = |part: Value| about(&[part], &json!({}));
    let many: Vec<Value> = (0..200).map(|_| picture(&png)).collect();
    let end = house.special("<|assistant_end|>");
    for (body, param, word) in [
        (more(url("https://example.org/cat.png")), ".image_url.url", "fetches nothing"),
        (more(url("data:image/png;base64,@@@@")), ".image_url.url", "no base64"),
        (more(url("data:image/png;base64,")), ".image_url.url", "no PNG or JPEG"),
        (more(audio("UklGRg==", "mp3")), ".input_audio.format", "`mp3`"),
        (more(audio("Ukl", "wav")), ".input_audio.data", "no base64"),
        (about(&many, &json!({})), "", "more tokens than the 128"),
        (about(&[], &hidden("image", &[end])), "messages[1].media[0].ids", "none of the codes"),
        (
            about(&[], &hidden("audio", &[house.special("<|image_0|>")])),
            "messages[1].media[0].ids",
            "none of the codes",
        ),
    ] {
        let (status, answer) = house.ask("POST", CHAT, &body);
        let error = &answer["error"];
        assert_eq!(status, 400, "{answer}");
        assert!(error["message"].as_str().unwrap().contains(word), "{answer}");
        assert!(error["param"].as_str().unwrap_or_default().ends_with(param), "{answer}");
    }
    for (body, status, param) in [
        (json!({ "model": "chat", "ids": [] }), 400, "ids"),
        (json!({ "model": "chat", "ids": [0, 1, 2, 3] }), 400, "ids"),
        (json!({ "model": "chat", "ids": [house.special("<|image_0|>")] }), 400, "ids"),
        (json!({ "model": "chat", "ids": vec![house.special("<|audio_3|>"); 2] }), 400, "ids"),
        (json!({ "model": "chat", "ids": vec![house.special("<|audio_0|>"); 9_000] }), 400, "ids"),
        (json!({ "model": "base", "ids": [1] }), 400, "model"),
        (json!({ "model": "nobody", "ids": [1] }), 404, "model"),
    ] {
        let (got, answer) = house.ask("POST", "/playground/media/decode", &body);
        assert_eq!((got, &answer["error"]["param"]), (status, &json!(param)), "{answer}");
    }
    for (address, status) in [
        ("/playground/media?model=base", 400),
        ("/playground/media?model=nobody", 404),
        ("/playground/media", 400),
    ] {
        assert_eq!(house.send(address, "image/png", &png).0, status, "{address}");
    }
    let (status, answer) = house.ask("POST", CHAT, &about(&[picture(&png)], &json!({ "model": "base" })));
    assert_eq!((status, &answer["error"]["code"]), (400, &json!("no_codec")));
    assert!(answer["error"]["message"].as_str().unwrap().contains("`base` does not see"), "{answer}");
}

#[test]
fn requests_are_larger_only_where_somebody_sees() {
    let body = json!({ "model": "chat", "messages": [{ "role": "user", "content": "x".repeat(2 << 20) }] });
    assert_eq!(House::new().ask("POST", CHAT, &body).0, 413);
    assert_eq!(House::sensing().ask("POST", CHAT, &body).0, 400);
    assert_eq!(House::sensing().ask("POST", "/playground/tokenize", &body).0, 413);
}
