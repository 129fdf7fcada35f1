//! Models, each loaded when somebody first asks for it.

use std::sync::Arc;

use bpe::{Bpe, Tokenizer, Vocabulary};
use model::Decoder;
use sft::{Message, Protocol, Rendered, Template};
use tokio::sync::OnceCell;

use super::engine::Engine;
use super::metrics::{Metrics, OfModel};
use super::senses::{self, Sense};
use super::{Answer, Card, Limits, Refusal};

/// All models of a run.
pub(crate) struct Models {
    shelf: Vec<(Card, OnceCell<Arc<Loaded>>)>,
    limits: Limits,
    metrics: Arc<Metrics>,
}

/// A model that is ready.
pub(crate) struct Loaded {
    pub(crate) card: Card,
    pub(crate) decoder: Decoder,
    pub(crate) bpe: Bpe,
    /// How one talks with it; nothing where its vocabulary has no tokens for that.
    pub(crate) template: Option<Box<dyn Template>>,
    /// What stands before every text, as in training; nothing for models that learned without.
    pub(crate) begin: Option<u32>,
    /// What it can write besides words.
    pub(crate) senses: Vec<Sense>,
    /// What ends texts and answers.
    pub(crate) ends: Vec<u32>,
    /// Who answers requests with it, many at once.
    pub(crate) engine: Engine,
}

impl Models {
    pub(crate) fn new(cards: Vec<Card>, limits: Limits, metrics: Arc<Metrics>) -> Self {
        Self { shelf: cards.into_iter().map(|card| (card, OnceCell::new())).collect(), limits, metrics }
    }

    /// All there are, loaded or not.
    pub(crate) fn cards(&self) -> impl Iterator<Item = &Card> {
        self.shelf.iter().map(|(card, _)| card)
    }

    fn place(&self, id: &str) -> Answer<&(Card, OnceCell<Arc<Loaded>>)> {
        self.shelf.iter().find(|(card, _)| card.id == id).ok_or_else(|| {
            let names: Vec<&str> = self.cards().map(|card| card.id.as_str()).collect();
            let message = format!("there is no model `{id}`; there are {}", names.join(", "));
            Refusal { param: Some("model".into()), ..Refusal::missing("model_not_found", message) }
        })
    }

    /// What is known of the model of that name.
    pub(crate) fn card(&self, id: &str) -> Answer<&Card> {
        self.place(id).map(|(card, _)| card)
    }

    /// The model of that name.
    pub(crate) async fn get(&self, id: &str) -> Answer<Arc<Loaded>> {
        let (card, cell) = self.place(id)?;
        let load = || async {
            let (card, limits, numbers) = (card.clone(), self.limits.clone(), self.metrics.of_model(id));
            let loading = tokio::task::spawn_blocking(move || Loaded::read(card, &limits, numbers));
            loading.await.map_err(Refusal::fault)?.map(Arc::new)
        };
        cell.get_or_try_init(load).await.cloned()
    }
}

impl Loaded {
    fn read(card: Card, limits: &Limits, numbers: OfModel) -> Answer<Self> {
        let bpe = Bpe::load(&card.folder).map_err(Refusal::fault)?;
        let (_, decoder) = model::checkpoint::load(&card.folder).map_err(Refusal::fault)?;
        let decoder = decoder.detached();
        let vocabulary = bpe.vocabulary();
        let template = Protocol::of(vocabulary).template(vocabulary).ok();
        let engine = Engine::start(&card.id, decoder.clone(), limits, numbers);
        let (begin, ends) = (begin(vocabulary), ends(vocabulary, template.as_deref()));
        let senses = senses::of(&card, template.as_deref());
        Ok(Self { card, decoder, bpe, template, begin, senses, ends, engine })
    }

    /// How one talks with it.
    pub(crate) fn protocol(&self) -> Answer<&dyn Template> {
        let missing = || {
            let message = "this model's vocabulary has no tokens for conversations; it can go on with texts";
            Refusal::invalid("model", message)
        };
        self.template.as_deref().ok_or_else(missing)
    }

    /// A conversation as the model reads it, its own turn begun; the field `param` of a request told it.
    pub(crate) fn render(&self, messages: &[Message<'_>], param: &'static str) -> Answer<Rendered> {
        let template = self.protocol()?;
        let mut rendered = Rendered::default();
        let written = template.render(messages, &self.bpe, &mut rendered);
        written.map_err(|problem| Refusal::invalid(param, problem.to_string()))?;
        template.open(&self.bpe, &mut rendered);
        Ok(rendered)
    }

    /// Refuses ids that are none, in the field `param` of a request.
    pub(crate) fn check(&self, ids: &[u32], param: &'static str) -> Answer<()> {
        let vocabulary = self.card.config.vocabulary;
        if ids.is_empty() {
            return Err(Refusal::invalid(param, "a text without a token"));
        }
        match ids.iter().find(|id| **id as usize >= vocabulary) {
            Some(id) => Err(Refusal::invalid(param, format!("{id} is no id below {vocabulary}"))),
            None => Ok(()),
        }
    }
}

/// The token before every text, of models here and of Llama 3's.
fn begin(vocabulary: &Vocabulary) -> Option<u32> {
    ["<|bos|>", "<|begin_of_text|>"].into_iter().find_map(|name| vocabulary.special(name))
}

/// The tokens that end an answer, and those that part texts.
fn ends(vocabulary: &Vocabulary, template: Option<&dyn Template>) -> Vec<u32> {
    let parting = ["<|bos|>", "<|endoftext|>", "<|end_of_text|>", "</s>"];
    let mut ends = template.map(Template::ends).unwrap_or_default().to_vec();
    ends.extend(parting.into_iter().filter_map(|name| vocabulary.special(name)));
    ends
}
