//! Two tiny models in a folder, a ballot box in memory, and two ways to ask: past the network, and through it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use bpe::{Bpe, Settings, Tokenizer, train};
use codec::{Codebook, Codecs, Grid, Mel, MelCodec, PatchCodec, Quantiser, Strip};
use model::checkpoint::{self, Special};
use model::{Config, Decoder, Params};
use serde_json::Value;
use sft::{Message, Part, Protocol, Rendered, Role};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::Calculator;
use crate::serve::{Answer, Ballots, Card, Limits, Run, Sample, Served, Standings, Vote, router, serve};

pub(crate) struct House {
    runtime: Runtime,
    router: Router,
    models: Vec<Card>,
    pub(crate) bpe: Bpe,
    pub(crate) vocabulary: usize,
    pub(crate) bos: u32,
    _directory: TempDir,
}

/// Votes that are counted and forgotten.
struct Counted(Mutex<usize>);

impl Ballots for Counted {
    fn record(&self, _: &Vote) -> Answer<()> {
        *self.0.lock().unwrap() += 1;
        Ok(())
    }

    fn standings(&self) -> Answer<Standings> {
        let votes = *self.0.lock().unwrap();
        Ok(Standings { judge: "person".to_owned(), votes, ..Standings::default() })
    }
}

fn tokenizer() -> Bpe {
    train(Settings { vocab_size: 320, ..Settings::default() }, &["a text, a better text"]).unwrap().tokenizer
}

fn run(models: Vec<Card>) -> Run {
    Run {
        name: "tiny".to_owned(),
        about: String::new(),
        seed: 1,
        models,
        tokenizers: vec![("tiny".to_owned(), tokenizer())],
        tools: vec![Box::new(Calculator)],
        examples: vec![],
        samples: vec![Sample { file: b"RIFF".to_vec(), question: "Which note?".to_owned() }],
        openings: vec![],
        report: None,
        archive: None,
        ballots: Some(Box::new(Counted(Mutex::default()))),
    }
}

/// How a house is opened to the network.
#[derive(Default)]
pub(crate) struct Door {
    pub(crate) limits: Limits,
    pub(crate) key: Option<String>,
}

/// A house that is open, until this is closed or dropped.
pub(crate) struct Opened {
    pub(crate) address: SocketAddr,
    end: oneshot::Sender<()>,
}

impl Opened {
    pub(crate) fn close(self) {
        // whoever listens has not gone: the runtime is the house's
        self.end.send(()).unwrap();
    }
}

/// Four patches of a picture, each of four greys; two frames of a sound at a time, by two codebooks of three. Codes come
/// behind the last token of text.
fn codecs(first: u32) -> Codecs {
    let book = |dim: usize, values: &[f32]| {
        Codebook::new(dim, values.iter().flat_map(|value| vec![*value; dim]).collect()).unwrap()
    };
    let grid = Grid { edge: 8, patch: 4 };
    let greys = Quantiser::new(vec![book(grid.dim(), &[0.0, 0.3, 0.6, 1.0])]).unwrap();
    let strip = Strip { mel: Mel { bands: 4, ..Mel::default() }, stack: 2, seconds: 2.0 };
    let loudness = [book(strip.dim(), &[0.0, 0.5, 1.0]), book(strip.dim(), &[-0.1, 0.0, 0.1])];
    let loudness = Quantiser::new(loudness.to_vec()).unwrap();
    Codecs {
        image: Some(PatchCodec::new(grid, greys, first).unwrap()),
        sound: Some(MelCodec::new(strip, loudness, first + 4).unwrap()),
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::limited(Limits::default())
    }

    /// One of other limits.
    pub(crate) fn limited(limits: Limits) -> Self {
        Self::build(tokenizer(), None, limits)
    }

    /// One in which `chat` sees and hears.
    pub(crate) fn sensing() -> Self {
        let bpe = tokenizer();
        let codecs = codecs(bpe.vocabulary().size() as u32);
        Self::build(bpe.widened(codecs.names()).unwrap(), Some(&Arc::new(codecs)), Limits::default())
    }

    fn build(bpe: Bpe, codecs: Option<&Arc<Codecs>>, limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let vocabulary = bpe.vocabulary().size();
        let config =
            Config { vocabulary, context: 128, width: 16, layers: 2, hidden: 32, ..Config::default() };
        let card = |id: &str, stage: &str, lineage: &[&str], seed: u64| {
            let folder = directory.path().join(id);
            let params = Params::new(seed);
            Decoder::new(&config, &params, "").unwrap();
            checkpoint::write(&folder, &config, &Special::default(), &params).unwrap();
            bpe.save(&folder).unwrap();
            Card {
                id: id.to_owned(),
                stage: stage.to_owned(),
                lineage: lineage.iter().map(|&id| id.to_owned()).collect(),
                talks: stage == "sft",
                config: config.clone(),
                codecs: codecs.cloned().filter(|_| stage == "sft"),
                folder,
            }
        };
        let models = vec![card("base", "pretrain", &["base"], 1), card("chat", "sft", &["base", "chat"], 2)];
        let served = Arc::new(Served::new(run(models.clone()), limits, None, false));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bos = bpe.vocabulary().special("<|bos|>").unwrap();
        Self { runtime, router: router(served), models, bpe, vocabulary, bos, _directory: directory }
    }

    /// Opens a server at an address that the system chooses.
    pub(crate) fn open(&self, Door { limits, key }: Door) -> Opened {
        let (end, ended) = oneshot::channel();
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let served = serve(run(self.models.clone()), limits, key, listener, async {
            let _ = ended.await;
        });
        self.runtime.spawn(served);
        Opened { address, end }
    }

    /// The events of a stream, without the word that ends it.
    pub(crate) fn events(&self, address: &str, body: &Value) -> Vec<Value> {
        let request =
            Request::builder().method("POST").uri(address).header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        let bytes = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            to_bytes(response.into_body(), usize::MAX).await.unwrap()
        });
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let events = text.strip_suffix("data: [DONE]\n\n").unwrap_or_else(|| panic!("no end: {text}"));
        events
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|event| serde_json::from_str(event).unwrap())
            .collect()
    }

    /// Status and body.
    pub(crate) fn ask(&self, method: &str, address: &str, body: &Value) -> (u16, Value) {
        let request = Request::builder().method(method).uri(address);
        let request = if body.is_null() {
            request.body(Body::empty()).unwrap()
        } else {
            let request = request.header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from(body.to_string())).unwrap()
        };
        self.answer(address, request)
    }

    /// The same with a file.
    pub(crate) fn send(&self, address: &str, kind: &str, bytes: &[u8]) -> (u16, Value) {
        let request = Request::builder().method("POST").uri(address).header(header::CONTENT_TYPE, kind);
        self.answer(address, request.body(Body::from(bytes.to_vec())).unwrap())
    }

    fn answer(&self, address: &str, request: Request<Body>) -> (u16, Value) {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{address}: {status} {text}")))
        })
    }

    /// The answer to a question that has one.
    pub(crate) fn done(&self, method: &str, address: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(method, address, body);
        assert_eq!(status, 200, "{address}: {answer}");
        answer
    }

    pub(crate) fn ids(&self, text: &str) -> Vec<u32> {
        let mut ids = vec![];
        self.bpe.encode(text, &mut ids);
        ids
    }

    /// The text of ids, special tokens by their names.
    pub(crate) fn text(&self, ids: &[u32]) -> String {
        let mut bytes = vec![];
        self.bpe.decode(ids, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    pub(crate) fn special(&self, name: &str) -> u32 {
        self.bpe.vocabulary().special(name).unwrap()
    }

    /// The conversation of the x-ray's test, as its template writes it with the answer.
    pub(crate) fn rendered(&self) -> Rendered {
        let template = Protocol::Deepdive.template(self.bpe.vocabulary()).unwrap();
        let content = vec![
            Part::Thought("Hm"),
            Part::ToolCall("calculate 1"),
            Part::ToolOutput("1"),
            Part::Text("One"),
        ];
        let messages = [
            Message::text(Role::System, "Be kind."),
            Message::text(Role::User, "1?"),
            Message { role: Role::Assistant, content, learn: None },
        ];
        let mut rendered = Rendered::default();
        template.render(&messages, &self.bpe, &mut rendered).unwrap();
        rendered
    }
}

/// A list of numbers.
pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
