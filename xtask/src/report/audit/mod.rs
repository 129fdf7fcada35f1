//! How right filter and deduplication were, where a stage measured it: the figures of one sheet of `scores/1`.
//!
//! | module | asks |
//! |---|---|
//! | `rules` | did each rule drop what it should, and nothing else |
//! | `extraction` | was the text of each type of page found |
//! | `copies` | were copies found, and only copies |
//! | `private_data` | was private data replaced, and nothing else |
//! | `rights` | were opt-outs and licences found |
//! | `languages` | was each language known |
//! | `variety` | how varied is what stayed, and which facts are in it |
//! | `confusion` | what was taken for what |

mod confusion;
mod copies;
mod extraction;
mod languages;
mod private_data;
mod rights;
mod rules;
mod variety;

use serde::Serialize;

use super::run::Run;
use super::scores::Sheet;

/// Recall and precision below this are marked.
const ENOUGH: f64 = 0.95;

/// Benchmarks that are shown here.
pub(super) const BENCHMARKS: [&str; 17] = [
    "rules",
    "rules_on_text",
    "confusion",
    "confusion_on_text",
    "extraction",
    "extraction_held_out",
    "extraction_layouts",
    "exact_copies",
    "near_copies",
    "merges",
    "private_data",
    "rights",
    "language",
    "language_confusion",
    "variety",
    "facts_kept",
    // thousands of items, for whoever asks a model about each
    "exposures",
];

/// What one stage found.
#[derive(Serialize)]
pub(super) struct Audit {
    stage: String,
    /// One sentence for each part, to choose from.
    summary: Vec<Summary>,
    rules: Option<rules::Rules>,
    extraction: Option<extraction::Extraction>,
    copies: Option<copies::Copies>,
    private_data: Option<private_data::PrivateData>,
    rights: Option<rights::Rights>,
    languages: Option<languages::Languages>,
    variety: Option<variety::Variety>,
    /// The least that is not marked.
    enough: f64,
}

/// What one part says in a sentence.
#[derive(Serialize)]
struct Summary {
    /// Name of the part in addresses within the page.
    part: &'static str,
    title: &'static str,
    text: String,
}

impl Audit {
    /// How many rules there are, and how many are marked.
    pub(super) fn rules(&self) -> Option<(usize, usize)> {
        self.rules.as_ref().map(|rules| (rules.rows.len(), rules.weak))
    }
}

pub(super) fn of(run: &Run, sheet: &Sheet) -> anyhow::Result<Option<Audit>> {
    let rules = rules::of(sheet);
    let extraction = extraction::of(sheet)?;
    let copies = copies::of(run, sheet)?;
    let private_data = private_data::of(run, sheet);
    let rights = rights::of(sheet);
    let languages = languages::of(sheet);
    let variety = variety::of(sheet);
    let said = [
        ("rules", "Rules", rules.as_ref().map(rules::Rules::said)),
        ("extraction", "Text found", extraction.as_ref().map(extraction::Extraction::said)),
        ("copies", "Copies", copies.as_ref().map(copies::Copies::said)),
        ("private-data", "Private data", private_data.as_ref().map(private_data::PrivateData::said)),
        ("rights", "Rights", rights.as_ref().map(rights::Rights::said)),
        ("languages", "Languages", languages.as_ref().map(languages::Languages::said)),
        ("variety", "Variety", variety.as_ref().map(variety::Variety::said)),
    ];
    let summary: Vec<Summary> = said
        .into_iter()
        .filter_map(|(part, title, text)| Some(Summary { part, title, text: text? }))
        .collect();
    if summary.is_empty() {
        return Ok(None);
    }
    let stage = sheet.stage.clone();
    let enough = ENOUGH;
    Ok(Some(Audit {
        stage,
        summary,
        rules,
        extraction,
        copies,
        private_data,
        rights,
        languages,
        variety,
        enough,
    }))
}

/// A name that a table gives, in one line.
fn name(of: &str) -> String {
    super::text::line(of, 60)
}

/// The manifests' settings of the stages that a sheet's stage reads.
fn settings_read<'a>(run: &'a Run, sheet: &Sheet) -> impl Iterator<Item = &'a serde_json::Value> {
    let stage = run.stages.iter().find(|stage| stage.name() == sheet.stage);
    let sources = stage.into_iter().flat_map(|stage| stage.from().values());
    sources.filter_map(|from| run.source(from)?.manifest.as_ref()?.recipe.get("settings"))
}

/// `one fact`, `2 facts`: a count and what it counts.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("one {one}")
    } else {
        format!("{} {many}", crate::lines::thousands(count as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_words() {
        assert_eq!(counted(1, "rule", "rules"), "one rule");
        assert_eq!(counted(1_200, "rule", "rules"), "1,200 rules");
    }
}
