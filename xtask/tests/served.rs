//! A finished run behind an address: what its pages are told of models, documents and votes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod common;

use std::collections::BTreeSet;

use common::House;
use common::serving::Served;
use serde_json::{Value, json};

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[test]
fn a_run_is_told_as_it_lies_there_and_votes_outlive_the_server() {
    let house = House::new();
    house.done(&["reproduce", "tiny"]);
    let served = Served::start(&house, "tiny", "runs");

    let run = served.get("/playground/run");
    let models: Vec<(&Value, &Value, &Value)> =
        list(&run["models"]).iter().map(|model| (&model["id"], &model["lineage"], &model["talks"])).collect();
    assert_eq!(
        models,
        [
            (&json!("base"), &json!(["base"]), &json!(false)),
            (&json!("chat"), &json!(["base", "chat"]), &json!(true)),
            (&json!("pleased"), &json!(["base", "chat", "pleased"]), &json!(true)),
        ]
    );
    assert_eq!((&run["tokenizers"], &run["seed"]), (&json!(["tiny"]), &json!(1337)));
    assert_eq!(run["has"], json!({ "documents": true, "report": true, "ballots": true }));
    let (examples, openings) = (list(&run["examples"]), list(&run["openings"]));
    assert!(examples.len() > 4 && examples.len() <= 8, "{examples:?}");
    assert!(openings.len() > 2 && openings.len() <= 6, "{openings:?}");
    let tools: Vec<&str> =
        list(&run["tools"]).iter().map(|tool| tool["function"]["name"].as_str().unwrap()).collect();
    assert_eq!(tools, ["calculate", "look-up"]);

    documents(&house, &served);

    // a phrase of the beginning of a document is found in it, in whatever case
    let opening = openings[0].as_str().unwrap();
    let phrase: String = opening.to_uppercase().replace(' ', "%20").replace('&', "%26").replace('#', "%23");
    let found = served.get(&format!("/playground/search?phrase={phrase}"));
    assert!(found["matches"].as_u64() > Some(0) && found["complete"] == true, "{opening}: {found}");
    assert_eq!(list(&found["rows"])[0]["found"].as_str().unwrap().to_lowercase(), opening.to_lowercase());
    let looked = served.ask("POST", "/playground/tools/look-up", &json!({ "request": opening }));
    assert!(looked.1["output"].as_str().is_some_and(|said| !said.is_empty()), "{looked:?}");

    for round in 1..=2 {
        let asked = json!({ "prompt": "Who are you?", "max_tokens": 4, "models": ["chat", "pleased"] });
        let (_, met) = served.ask("POST", "/playground/arena/pair", &asked);
        let verdict = json!({ "battle": met["battle"], "outcome": "right" });
        let (status, told) = served.ask("POST", "/playground/arena/vote", &verdict);
        assert_eq!((status, &told["votes"]), (200, &json!(round)), "{told}");
    }
    let standings = served.get("/playground/arena");
    drop(served);
    let again = Served::start(&house, "tiny", "runs");
    assert_eq!(again.get("/playground/arena"), standings, "votes are where they were");
    assert_eq!(list(&standings["standings"]).len(), 2);
    assert!(house.path().join("runs/tiny/ballots/part-00000.parquet").is_file());
    drop(again);
    // a run with votes is still the run
    house.done(&["verify", "tiny"]);
}

#[test]
fn a_run_that_sees_or_hears_has_something_to_try_and_reads_it_as_codes() {
    for (lesson, first, kind) in [("see", "shapes", "image"), ("hear", "sounds", "audio")] {
        let house = House::new();
        let served = Served::lesson(&house, lesson, first);
        let run = served.get("/playground/run");
        let model = list(&run["models"]).last().unwrap();
        assert_eq!(
            (&model["sees"], &model["hears"]),
            (&json!(kind == "image"), &json!(kind == "audio")),
            "{model}"
        );
        let samples = list(&run["samples"]);
        assert!(!samples.is_empty() && samples.iter().all(|sample| sample["kind"] == kind), "{run}");
        let url = samples[0]["url"].as_str().unwrap();
        let part = if kind == "image" {
            json!({ "type": "image_url", "image_url": { "url": url } })
        } else {
            let data = url.split_once(";base64,").unwrap().1;
            json!({ "type": "input_audio", "input_audio": { "data": data, "format": "wav" } })
        };
        let content = json!([part, { "type": "text", "text": samples[0]["question"] }]);
        let asked = json!({ "model": model["id"], "messages": [{ "role": "user", "content": content }],
            "max_tokens": 4, "return_token_ids": true });
        let (status, told) = served.ask("POST", "/v1/chat/completions", &asked);
        assert_eq!(status, 200, "{told}");
        // what stands between the marks is what the codec knows
        let xray = json!({ "model": model["id"], "messages": asked["messages"] });
        let (_, seen) = served.ask("POST", "/playground/xray", &xray);
        let tokens = list(&seen["tokens"]).iter().filter(|token| token["kind"] == kind);
        let ids: Vec<&Value> = tokens.map(|token| &token["id"]).collect();
        let decode = json!({ "model": model["id"], "ids": ids });
        let (status, given_back) = served.ask("POST", "/playground/media/decode", &decode);
        assert_eq!((status, &given_back["kind"]), (200, &json!(kind)), "{given_back}");
    }
}

/// The funnel counts as manifests do, and every row that it tells of can be read, once.
fn documents(house: &House, served: &Served) {
    let funnel = served.get("/playground/funnel");
    let mut read = 0;
    for stage in list(&funnel["stages"]) {
        let name = stage["name"].as_str().unwrap();
        let counters = &house.manifest("tiny", name)["counters"];
        assert_eq!(stage["in"], *counters.get("in").unwrap_or(&Value::Null), "{name}");
        if let Some(came_in) = stage["in"].as_u64() {
            let dropped: u64 =
                list(&stage["dropped"]).iter().map(|reason| reason["count"].as_u64().unwrap()).sum();
            assert_eq!(came_in, stage["kept"].as_u64().unwrap() + dropped, "{name}");
        }
        if stage["documents"] == true {
            let kept = stage["kept"].as_u64().unwrap();
            let ids = pages(served, &format!("stage={name}"), kept);
            assert_eq!(ids.len() as u64, kept, "no document of {name} comes twice");
            read += 1;
        }
        for reason in list(&stage["dropped"]).iter().filter(|_| stage["dropped_rows"] == true) {
            let (told, count) = (reason["reason"].as_str().unwrap(), reason["count"].as_u64().unwrap());
            pages(served, &format!("stage={name}&kind=dropped&reason={told}"), count);
        }
    }
    assert!(read >= 2, "{funnel}");
    // copies have no text of their own in their table: it is lent by what the stage read
    let copies = served.get("/playground/documents?stage=dedup&kind=dropped&limit=5");
    for row in list(&copies["rows"]) {
        assert!(
            row["text"].as_str().is_some_and(|text| !text.is_empty()) && row["reason"].is_string(),
            "{row}"
        );
    }
    let filtered = served.get("/playground/documents?stage=filter&kind=kept&limit=1");
    assert!(list(&filtered["rows"])[0]["signals"]["words"].as_f64() > Some(0.0), "{filtered}");
    let (status, none) = served.ask("GET", "/playground/documents?stage=nobody", &Value::Null);
    assert_eq!((status, &none["error"]["code"]), (404, &json!("stage_not_found")));
    let beyond = served.get("/playground/documents?stage=filter&offset=1000000");
    assert_eq!(list(&beyond["rows"]).len(), 0);
}

/// All rows of a query, page by page: their ids.
fn pages(served: &Served, query: &str, total: u64) -> BTreeSet<String> {
    let (mut ids, mut rows) = (BTreeSet::new(), 0);
    loop {
        let page = served.get(&format!("/playground/documents?{query}&limit=37&offset={rows}"));
        assert_eq!(page["total"].as_u64(), Some(total), "{query}");
        let found = list(&page["rows"]);
        rows += found.len() as u64;
        ids.extend(found.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)));
        if found.is_empty() {
            break;
        }
    }
    assert_eq!(rows, total, "{query}");
    ids
}
