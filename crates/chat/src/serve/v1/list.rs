//! Which models there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::serve::extract::Name;
use crate::serve::{Answer, Card, Served};

/// All models.
#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct ModelList {
    /// Always `list`.
    object: &'static str,
    data: Vec<Model>,
}

/// A model.
#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct Model {
    /// What requests call it.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// Runs do not say when.
    created: u64,
    /// The run.
    owned_by: String,
}

impl Model {
    fn of(card: &Card, run: &str) -> Self {
        Self { id: card.id.clone(), object: "model", created: 0, owned_by: run.to_owned() }
    }
}

pub(crate) async fn models(State(served): State<Arc<Served>>) -> Json<ModelList> {
    let data = served.models.cards().map(|card| Model::of(card, &served.run.name)).collect();
    Json(ModelList { object: "list", data })
}

pub(crate) async fn model(State(served): State<Arc<Served>>, Name(id): Name) -> Answer<Json<Model>> {
    Ok(Json(Model::of(served.models.card(&id)?, &served.run.name)))
}
