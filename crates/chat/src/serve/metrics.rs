//! What a server counts, in the text format of Prometheus.

use std::sync::Mutex;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// All counters.
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<OfRequest, Counter>,
    seconds: Family<OfRoute, Histogram>,
    answer_tokens: Family<ModelName, Counter>,
    prompt_tokens: Family<ModelName, Counter>,
    reused_tokens: Family<ModelName, Counter>,
    growing: Family<ModelName, Gauge>,
    waiting: Family<ModelName, Gauge>,
}

/// The counters of one model.
#[derive(Clone)]
pub(crate) struct OfModel {
    /// Tokens that it wrote.
    pub(crate) answer_tokens: Counter,
    /// Tokens of prompts that came.
    pub(crate) prompt_tokens: Counter,
    /// Of these, known from an earlier text.
    pub(crate) reused_tokens: Counter,
    /// Answers that are written now.
    pub(crate) growing: Gauge,
    /// Requests that wait now.
    pub(crate) waiting: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRequest {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRoute {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ModelName {
    model: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // from a millisecond to about eight minutes
        let seconds = Family::new_with_constructor(
            (|| Histogram::new(exponential_buckets(0.001, 3.0, 12))) as fn() -> Histogram,
        );
        let metrics = Self {
            registry: Mutex::default(),
            requests: Family::default(),
            seconds,
            answer_tokens: Family::default(),
            prompt_tokens: Family::default(),
            reused_tokens: Family::default(),
            growing: Family::default(),
            waiting: Family::default(),
        };
        let mut registry = Registry::with_prefix("deepdive");
        registry.register("requests", "Requests answered", metrics.requests.clone());
        registry.register("request_seconds", "Time to the head of an answer", metrics.seconds.clone());
        registry.register("answer_tokens", "Tokens written by models", metrics.answer_tokens.clone());
        registry.register("prompt_tokens", "Tokens of prompts", metrics.prompt_tokens.clone());
        let help = "Tokens of prompts that were known from an earlier text";
        registry.register("reused_tokens", help, metrics.reused_tokens.clone());
        registry.register("answers_growing", "Answers that are being written", metrics.growing.clone());
        registry.register("requests_waiting", "Requests that wait for a place", metrics.waiting.clone());
        Self { registry: Mutex::new(registry), ..metrics }
    }

    /// Notes a request: its route as it is drawn, never as it was asked for, so that names are few.
    pub(crate) fn note(&self, route: &str, status: u16, seconds: f64) {
        let route = route.to_owned();
        self.seconds.get_or_create(&OfRoute { route: route.clone() }).observe(seconds);
        self.requests.get_or_create(&OfRequest { route, status }).inc();
    }

    pub(crate) fn of_model(&self, name: &str) -> OfModel {
        let name = ModelName { model: name.to_owned() };
        OfModel {
            answer_tokens: self.answer_tokens.get_or_create_owned(&name),
            prompt_tokens: self.prompt_tokens.get_or_create_owned(&name),
            reused_tokens: self.reused_tokens.get_or_create_owned(&name),
            growing: self.growing.get_or_create_owned(&name),
            waiting: self.waiting.get_or_create_owned(&name),
        }
    }

    /// All of them, as text.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        encode(&mut text, &registry)?;
        Ok(text)
    }
}
