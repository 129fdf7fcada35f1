//! A drawing and the words around it.

use serde::Serialize;

/// One drawing.
#[derive(Serialize)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) unit: String,
    /// Markup, safe as it is: every text in it went through the escaping of plotters.
    pub(super) svg: String,
    /// The drawing in forty characters, for a page without drawings; only curves have one.
    pub(super) spark: Option<String>,
    /// What to see.
    pub(super) caption: String,
    /// Name and class of each layer where there are several.
    pub(super) legend: Vec<(String, String)>,
}

/// Names and classes as a legend.
pub(super) fn legend(keys: &[(&str, &str)]) -> Vec<(String, String)> {
    keys.iter().map(|(name, class)| ((*name).to_owned(), (*class).to_owned())).collect()
}
