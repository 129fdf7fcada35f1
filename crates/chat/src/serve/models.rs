//! Models, each loaded when somebody first asks for it.

use std::sync::Arc;

use bpe::{Bpe, Tokenizer};
use model::Decoder;
use sft::{Protocol, Template};
use tokio::sync::OnceCell;

use super::engine::Engine;
use super::{Answer, Card, Limits, Refusal};

/// All models of a run.
pub(crate) struct Models {
    shelf: Vec<(Card, OnceCell<Arc<Loaded>>)>,
    limits: Limits,
}

/// A model that is ready.
pub(crate) struct Loaded {
    pub(crate) card: Card,
    pub(crate) decoder: Decoder,
    pub(crate) bpe: Bpe,
    pub(crate) template: Box<dyn Template>,
    /// Who answers requests with it, many at once.
    pub(crate) engine: Engine,
}

impl Models {
    pub(crate) fn new(cards: Vec<Card>, limits: Limits) -> Self {
        Self { shelf: cards.into_iter().map(|card| (card, OnceCell::new())).collect(), limits }
    }

    /// All there are, loaded or not.
    pub(crate) fn cards(&self) -> impl Iterator<Item = &Card> {
        self.shelf.iter().map(|(card, _)| card)
    }

    /// The model of that name.
    pub(crate) async fn get(&self, id: &str) -> Answer<Arc<Loaded>> {
        let Some((card, cell)) = self.shelf.iter().find(|(card, _)| card.id == id) else {
            let names: Vec<&str> = self.cards().map(|card| card.id.as_str()).collect();
            let message = format!("there is no model `{id}`; there are {}", names.join(", "));
            let mut refusal = Refusal::missing("model_not_found", message);
            refusal.param = Some("model".into());
            return Err(refusal);
        };
        let load = || async {
            let (card, limits) = (card.clone(), self.limits.clone());
            let loading = tokio::task::spawn_blocking(move || Loaded::read(card, &limits));
            loading.await.map_err(Refusal::fault)?.map(Arc::new)
        };
        cell.get_or_try_init(load).await.cloned()
    }
}

impl Loaded {
    fn read(card: Card, limits: &Limits) -> Answer<Self> {
        let bpe = Bpe::load(&card.folder).map_err(Refusal::fault)?;
        let (_, decoder) = model::checkpoint::load(&card.folder).map_err(Refusal::fault)?;
        let decoder = decoder.detached();
        let vocabulary = bpe.vocabulary();
        let template = Protocol::of(vocabulary).template(vocabulary).map_err(Refusal::fault)?;
        let engine = Engine::start(&card.id, decoder.clone(), limits);
        Ok(Self { card, decoder, bpe, template, engine })
    }
}
