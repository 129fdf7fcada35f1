//! All that pages ask, of two tiny models that know nothing; and what nobody should ask.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use crate::serve::Limits;
use crate::serve::house::{House, numbers};

#[test]
fn the_overview_tells_what_there_is() {
    let house = House::new();
    let run = house.done("GET", "/playground/run", &Value::Null);
    let chat = &run["models"][1];
    assert_eq!(
        [&chat["id"], &chat["use"], &chat["family"], &chat["protocol"]],
        ["chat", "sft", "nanochat", "deepdive"]
    );
    assert_eq!(chat["lineage"], json!(["base", "chat"]));
    assert_eq!([&chat["talks"], &chat["calls_tools"], &chat["thinks"]], [true, true, true]);
    assert_eq!([&run["models"][0]["talks"], &run["models"][0]["thinks"]], [false, false]);
    assert_eq!(run["tokenizers"], json!(["tiny"]));
    let tool = &run["tools"][0]["function"];
    assert_eq!(
        (&tool["name"], &tool["parameters"]["required"]),
        (&json!("calculate"), &json!(["expression"]))
    );
    assert_eq!(run["has"], json!({ "documents": false, "report": false, "ballots": true }));
}

#[test]
fn text_is_cut_and_bytes_are_exact() {
    let house = House::new();
    let text = "a tëxt <|bos|> 🦀\u{0}";
    let cut = house.done("POST", "/playground/tokenize", &json!({ "tokenizer": "tiny", "text": text }));
    let tokens = cut["tokens"].as_array().unwrap();
    let bytes: Vec<f64> = tokens.iter().flat_map(|token| numbers(&token["bytes"])).collect();
    assert_eq!(bytes, text.bytes().map(f64::from).collect::<Vec<_>>());
    assert!(tokens.iter().all(|token| token["special"] == false), "users cannot spell special tokens");
    let ladder = house.done("POST", "/playground/ladder", &json!({ "tokenizer": "tiny", "text": "a text" }));
    let steps = ladder["steps"].as_array().unwrap();
    assert_eq!(steps[0].as_array().unwrap().len(), 6);
    let last = house.done("POST", "/playground/tokenize", &json!({ "tokenizer": "tiny", "text": "a text" }));
    let ids: Vec<&Value> = last["tokens"].as_array().unwrap().iter().map(|token| &token["id"]).collect();
    assert_eq!(steps.last().unwrap().as_array().unwrap().iter().collect::<Vec<_>>(), ids);
    for id in steps.iter().flat_map(|step| step.as_array().unwrap()) {
        assert!(ladder["tokens"].get(id.to_string()).is_some(), "{id} is explained");
    }
}

#[test]
fn the_next_token_has_a_whole_distribution() {
    let house = House::new();
    let ask = |more: Value| {
        let mut body = json!({ "model": "base", "text": "a te", "count": 5 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.done("POST", "/playground/next", &body)
    };
    let plain = ask(json!({}));
    let candidates = plain["candidates"].as_array().unwrap();
    let log_probs: Vec<f64> = candidates.iter().map(|one| one["log_prob"].as_f64().unwrap()).collect();
    assert!(log_probs.is_sorted_by(|a, b| a >= b), "{log_probs:?}");
    let told: f64 = log_probs.iter().map(|log_prob| log_prob.exp()).sum();
    assert!((told + plain["rest"]["probability"].as_f64().unwrap() - 1.0).abs() < 1e-6);
    for candidate in candidates {
        // without settings the shares are the model's own
        let (log_prob, share) =
            (candidate["log_prob"].as_f64().unwrap(), candidate["share"].as_f64().unwrap());
        assert!((log_prob.exp() - share).abs() < 1e-6);
    }
    assert_eq!(plain["rest"]["tokens"], json!(house.vocabulary - 5));
    let cut = ask(json!({ "top_k": 2, "temperature": 0.5, "min_p": 0.0 }));
    let shares: Vec<f64> =
        cut["candidates"].as_array().unwrap().iter().map(|one| one["share"].as_f64().unwrap()).collect();
    assert!((shares[0] + shares[1] - 1.0).abs() < 1e-9 && shares[2..] == [0.0; 3], "{shares:?}");
    assert_eq!(cut["rest"]["share"], json!(0.0));
    let greedy = ask(json!({ "temperature": 0 }));
    assert_eq!(greedy["candidates"][0]["share"], json!(1.0));
    // ids are read as they are, a text begins like a document
    let mut ids = house.ids("a te");
    ids.insert(0, house.bos);
    let by_ids = house.done("POST", "/playground/next", &json!({ "model": "base", "ids": ids, "count": 5 }));
    assert_eq!(by_ids, plain);
}

#[test]
fn what_is_read_is_as_likely_as_the_next_token_was() {
    let house = House::new();
    let read = house.done("POST", "/playground/read", &json!({ "model": "base", "text": "a te" }));
    let tokens = read["tokens"].as_array().unwrap();
    assert_eq!((&tokens[0]["id"], &tokens[0]["log_prob"]), (&json!(house.bos), &Value::Null));
    let ids: Vec<&Value> = tokens.iter().map(|token| &token["id"]).collect();
    for at in 1..tokens.len() {
        let asked = json!({ "model": "base", "ids": ids[..at], "count": house.vocabulary.min(500) });
        let next = house.done("POST", "/playground/next", &asked);
        let candidates = next["candidates"].as_array().unwrap();
        let drawn = candidates.iter().find(|candidate| candidate["id"] == *ids[at]).unwrap();
        let [one, other] = [&drawn["log_prob"], &tokens[at]["log_prob"]].map(|value| value.as_f64().unwrap());
        assert!((one - other).abs() < 1e-5, "{one} {other}");
    }
}

#[test]
fn insides_add_up() {
    let house = House::new();
    let inside = house.done("POST", "/playground/inside", &json!({ "model": "chat", "text": "a text " }));
    let (t, layers) = (inside["tokens"].as_array().unwrap().len(), 2);
    assert_eq!((&inside["layers"], &inside["truncated"]), (&json!(layers), &json!(false)));
    assert_eq!(inside["attention"].as_array().unwrap().len(), layers);
    for layer in inside["attention"].as_array().unwrap() {
        let bytes = BASE64_STANDARD.decode(layer.as_str().unwrap()).unwrap();
        assert_eq!(bytes.len(), 4 * t * t);
        for (at, row) in bytes.chunks(t).enumerate() {
            let sum: f64 = row.iter().map(|byte| f64::from(*byte)).sum();
            assert!((sum - 255.0).abs() <= t as f64 / 2.0, "row {at}: {row:?}");
            assert!(row[at % t + 1..].iter().all(|byte| *byte == 0), "nothing later is looked at");
        }
    }
    // the last layer's lens is the model's own prediction
    let lens = inside["lens"].as_array().unwrap();
    assert_eq!(lens.len(), layers);
    let last = &lens[layers - 1][t - 1];
    let next =
        house.done("POST", "/playground/next", &json!({ "model": "chat", "text": "a text ", "count": 5 }));
    for (guess, candidate) in last.as_array().unwrap().iter().zip(next["candidates"].as_array().unwrap()) {
        assert_eq!(guess["id"], candidate["id"]);
        assert!((guess["probability"].as_f64().unwrap() - candidate["share"].as_f64().unwrap()).abs() < 1e-4);
    }
    let sum = |field: &str| -> f64 {
        inside["blocks"].as_array().unwrap().iter().map(|block| block[field].as_f64().unwrap()).sum()
    };
    assert_eq!(sum("parameters"), inside["parameters"].as_f64().unwrap());
    assert_eq!(sum("flops_per_token"), inside["flops_per_token"].as_f64().unwrap());
    let long = house.done("POST", "/playground/inside", &json!({ "model": "chat", "text": "b".repeat(500) }));
    assert_eq!((&long["truncated"], long["tokens"].as_array().unwrap().len()), (&json!(true), 64));
}

#[test]
fn an_x_ray_knows_whose_words_they_are_and_what_is_learned() {
    let house = House::new();
    let id = |name: &str| house.special(name);
    let mut answer = vec![id("<|think_start|>")];
    answer.extend(house.ids("Hm"));
    answer.extend([id("<|think_end|>"), id("<|tool_start|>")]);
    answer.extend(house.ids("calculate 1"));
    answer.extend([id("<|tool_end|>"), id("<|output_start|>")]);
    answer.extend(house.ids("1"));
    answer.push(id("<|output_end|>"));
    answer.extend(house.ids("One"));
    answer.push(id("<|assistant_end|>"));
    let messages = json!([
        { "role": "system", "content": "Be kind." },
        { "role": "user", "content": "1?" },
    ]);
    let asked = json!({ "model": "chat", "messages": messages, "answer": answer });
    let seen = house.done("POST", "/playground/xray", &asked);
    assert_eq!(
        seen["lineage"],
        json!([{ "stage": "base", "use": "pretrain" }, { "stage": "chat", "use": "sft" }])
    );
    let tokens = seen["tokens"].as_array().unwrap();
    let told: Vec<&Value> = tokens.iter().filter(|token| token["answer"] == true).collect();
    assert_eq!(told.len(), answer.len());
    // the same as a template says of the whole conversation
    let whole = house.rendered();
    assert_eq!(
        tokens.iter().map(|token| token["id"].as_u64().unwrap() as u32).collect::<Vec<_>>(),
        whole.ids
    );
    assert_eq!(tokens.iter().map(|token| token["learned"] == true).collect::<Vec<_>>(), whole.learn);
    let kinds: Vec<&str> = told.iter().map(|token| token["kind"].as_str().unwrap()).collect();
    for kind in ["frame", "thought", "tool_call", "tool_output", "text"] {
        assert!(kinds.contains(&kind), "{kind} is missing in {kinds:?}");
    }
    assert_eq!(tokens[0]["log_probs"], Value::Null);
    for token in &tokens[1..] {
        let log_probs = numbers(&token["log_probs"]);
        assert!(log_probs.len() == 2 && log_probs.iter().all(|log_prob| *log_prob <= 0.0), "{token}");
        assert!(token["taught_by"].as_u64().is_none_or(|stage| stage < 2));
    }
    // the chat model's log-probability of its next token is what it says of it
    let before: Vec<&Value> = tokens[..tokens.len() - 1].iter().map(|token| &token["id"]).collect();
    let next =
        house.done("POST", "/playground/next", &json!({ "model": "chat", "ids": before, "count": 400 }));
    let last = tokens.last().unwrap();
    let found = next["candidates"].as_array().unwrap().iter().find(|one| one["id"] == last["id"]).unwrap();
    assert!((found["log_prob"].as_f64().unwrap() - last["log_probs"][1].as_f64().unwrap()).abs() < 1e-4);
    let open = house.done("POST", "/playground/xray", &json!({ "model": "base", "messages": messages }));
    assert_eq!(open["tokens"].as_array().unwrap().len(), tokens.len() - answer.len());
}

#[test]
fn a_battle_is_voted_on_once() {
    let house = House::new();
    let none = house.done("GET", "/playground/arena", &Value::Null);
    assert_eq!((&none["judge"], &none["votes"]), (&json!("person"), &json!(0)));
    let mut sides = std::collections::BTreeSet::new();
    for round in 1..=8 {
        let asked = json!({ "prompt": "Who are you?", "max_tokens": 3 });
        let met = house.done("POST", "/playground/arena/pair", &asked);
        assert!(met["left"]["text"].is_string() && met["right"].get("model").is_none(), "{met}");
        let verdict = json!({ "battle": met["battle"], "outcome": "left" });
        let told = house.done("POST", "/playground/arena/vote", &verdict);
        assert_eq!(told["votes"], json!(round));
        assert_ne!(told["left"], told["right"]);
        sides.insert(told["left"].as_str().unwrap().to_owned());
        let (status, again) = house.ask("POST", "/playground/arena/vote", &verdict);
        assert_eq!((status, &again["error"]["code"]), (404, &json!("battle_not_found")));
    }
    assert_eq!(sides.len(), 2, "each stands on the left now and then");
}

#[test]
fn who_writes_for_too_long_has_no_battle() {
    let house = House::limited(Limits { seconds: 0, ..Limits::default() });
    let (status, told) = house.ask("POST", "/playground/arena/pair", &json!({ "prompt": "a" }));
    assert_eq!((status, &told["error"]["code"]), (504, &json!("timeout")));
}

/// Good questions about the rest, and questions that nobody here can answer: always a status that says so, in OpenAI's shape.
#[test]
fn what_makes_no_sense_is_refused_and_never_a_fault() {
    let house = House::new();
    let long = "x".repeat(70_000);
    let ids: Vec<u32> = vec![1; 300];
    let user = json!([{ "role": "user", "content": "1?" }]);
    let cases: Vec<(&str, &str, Value, u16, &str)> = vec![
        ("POST", "/playground/tools/calculate", json!({ "request": "12 * 3" }), 200, ""),
        ("POST", "/playground/tools/calculate", json!({ "request": "12 *" }), 200, ""),
        ("POST", "/playground/tools/nobody", json!({ "request": "12 * 3" }), 404, ""),
        ("POST", "/playground/tools/%ff", json!({ "request": "12 * 3" }), 400, ""),
        ("POST", "/playground/tools/calculate", json!({ "request": long }), 400, "request"),
        ("POST", "/playground/tools/calculate", json!({ "request": 7 }), 400, "request"),
        ("POST", "/playground/tokenize", json!({ "tokenizer": "tiny", "text": "" }), 200, ""),
        (
            "POST",
            "/playground/tokenize",
            json!({ "tokenizer": "tiny", "text": "\u{0}\u{202e}\u{ffff}" }),
            200,
            "",
        ),
        ("POST", "/playground/tokenize", json!({ "tokenizer": "gpt9", "text": "a" }), 404, "tokenizer"),
        ("POST", "/playground/tokenize", json!({ "tokenizer": "tiny", "text": long }), 400, "text"),
        ("POST", "/playground/tokenize", json!({ "tokenizer": "tiny", "text": ["a"] }), 400, "text"),
        ("POST", "/playground/tokenize", json!({ "tokenizer": "tiny", "txt": "a" }), 400, "*"),
        ("POST", "/playground/tokenize", json!([1, 2]), 400, "*"),
        ("POST", "/playground/ladder", json!({ "tokenizer": "tiny", "text": "" }), 200, ""),
        ("POST", "/playground/ladder", json!({ "tokenizer": "tiny", "text": "x".repeat(257) }), 400, "text"),
        ("POST", "/playground/next", json!({ "model": "base", "text": "" }), 200, ""),
        ("POST", "/playground/next", json!({ "model": "nobody", "text": "" }), 404, "model"),
        ("POST", "/playground/next", json!({ "model": "base" }), 400, "ids"),
        ("POST", "/playground/next", json!({ "model": "base", "ids": [] }), 400, "ids"),
        ("POST", "/playground/next", json!({ "model": "base", "ids": [1], "text": "a" }), 400, "ids"),
        ("POST", "/playground/next", json!({ "model": "base", "ids": [house.vocabulary] }), 400, "ids"),
        ("POST", "/playground/next", json!({ "model": "base", "ids": [u64::MAX] }), 400, "*"),
        ("POST", "/playground/next", json!({ "model": "base", "ids": [-1] }), 400, "*"),
        ("POST", "/playground/next", json!({ "model": "base", "ids": ids }), 400, ""),
        ("POST", "/playground/next", json!({ "model": "base", "text": "a", "count": 0 }), 400, "count"),
        ("POST", "/playground/next", json!({ "model": "base", "text": "a", "count": 5000 }), 400, "count"),
        (
            "POST",
            "/playground/next",
            json!({ "model": "base", "text": "a", "temperature": -1 }),
            400,
            "temperature",
        ),
        ("POST", "/playground/next", json!({ "model": "base", "text": "a", "temperature": 1e-30 }), 200, ""),
        ("POST", "/playground/next", json!({ "model": "base", "text": "a", "top_p": 2 }), 400, "top_p"),
        ("POST", "/playground/next", json!({ "model": "base", "text": "a", "top_p": 0 }), 200, ""),
        ("POST", "/playground/next", json!({ "model": "base", "text": "a", "min_p": 1 }), 200, ""),
        (
            "POST",
            "/playground/next",
            json!({ "model": "base", "text": "a", "repetition_penalty": 0 }),
            400,
            "repetition_penalty",
        ),
        ("POST", "/playground/next", json!({ "model": "base", "text": "a", "top_k": u32::MAX }), 200, ""),
        ("POST", "/playground/inside", json!({ "model": "base", "text": "" }), 200, ""),
        ("POST", "/playground/inside", json!({ "model": "base", "ids": ids }), 200, ""),
        ("POST", "/playground/inside", json!({ "model": "base", "ids": [1e9] }), 400, "*"),
        ("POST", "/playground/inside", json!({ "model": "base", "text": long }), 400, "text"),
        ("POST", "/playground/xray", json!({ "model": "chat", "messages": [] }), 400, "messages"),
        (
            "POST",
            "/playground/xray",
            json!({ "model": "chat", "messages": user, "answer": [9999] }),
            400,
            "answer",
        ),
        ("POST", "/playground/xray", json!({ "model": "chat", "messages": user, "answer": ids }), 400, ""),
        (
            "POST",
            "/playground/xray",
            json!({ "model": "chat", "messages": [{ "role": "king", "content": "?" }] }),
            400,
            "*",
        ),
        (
            "POST",
            "/playground/xray",
            json!({ "model": "chat", "messages": [{ "role": "assistant", "content": "?" }] }),
            400,
            "messages",
        ),
        (
            "POST",
            "/playground/xray",
            json!({ "model": "chat", "messages": [{ "role": "user", "content": "" }] }),
            400,
            "messages",
        ),
        ("GET", "/playground/funnel", Value::Null, 200, ""),
        ("GET", "/playground/documents?stage=filter", Value::Null, 404, ""),
        ("GET", "/playground/documents", Value::Null, 400, ""),
        ("GET", "/playground/documents?stage=filter&limit=101", Value::Null, 400, "limit"),
        ("GET", "/playground/documents?stage=filter&limit=-1", Value::Null, 400, ""),
        ("GET", "/playground/documents?stage=filter&kind=odd", Value::Null, 400, ""),
        ("GET", "/playground/documents?stage=filter&reason=short", Value::Null, 400, "reason"),
        ("GET", "/playground/documents?stage=filter&offset=99999999999999999999999", Value::Null, 400, ""),
        ("GET", "/playground/search?phrase=goat", Value::Null, 200, ""),
        ("GET", "/playground/search?phrase=%20", Value::Null, 400, "phrase"),
        ("GET", "/playground/search?phrase=goat&limit=0", Value::Null, 400, "limit"),
        ("POST", "/playground/arena/pair", json!({ "prompt": " " }), 400, "prompt"),
        ("POST", "/playground/arena/pair", json!({ "prompt": long }), 400, "prompt"),
        ("POST", "/playground/arena/pair", json!({ "prompt": "x".repeat(900) }), 400, ""),
        ("POST", "/playground/arena/pair", json!({ "prompt": "a", "models": ["base"] }), 400, "models"),
        (
            "POST",
            "/playground/arena/pair",
            json!({ "prompt": "a", "models": ["base", "base"] }),
            400,
            "models",
        ),
        ("POST", "/playground/arena/pair", json!({ "prompt": "a", "models": ["base", "x"] }), 404, "models"),
        ("POST", "/playground/arena/pair", json!({ "prompt": "a", "temperature": 9 }), 400, "temperature"),
        ("POST", "/playground/arena/pair", json!({ "prompt": "a", "max_tokens": 0 }), 400, "max_tokens"),
        ("POST", "/playground/arena/vote", json!({ "battle": "x", "outcome": "left" }), 404, "battle"),
        ("POST", "/playground/arena/vote", json!({ "battle": "x", "outcome": "both" }), 400, "outcome"),
        ("GET", "/playground/arena/vote", Value::Null, 405, ""),
        ("GET", "/playground/nothing", Value::Null, 404, ""),
    ];
    for (method, address, body, status, param) in cases {
        let (got, answer) = house.ask(method, address, &body);
        let short: String = body.to_string().chars().take(120).collect();
        assert_eq!(got, status, "{method} {address} {short}: {answer}");
        if status != 200 {
            assert!(
                answer["error"]["message"].as_str().is_some_and(|message| !message.is_empty()),
                "{answer}"
            );
            assert_eq!(answer["error"]["type"], "invalid_request_error", "{answer}");
            let told = answer["error"]["param"].as_str().unwrap_or_default();
            assert!(param == "*" || told == param, "{method} {address} {short}: {answer}");
        }
    }
}
