//! The heuristic filters of the FineWeb recipe, each a settings struct that judges documents.
//!
//! A threshold of 0 disables its rule. All lengths are in code points and all comparisons are strict unless
//! a rule says otherwise, as in datatrove.
//!
//! Each filter states its rules once, as a list of [`Rule`]s in order: what is measured, and what passes. Judging
//! measures one after the other and stops at the first that is broken; measuring stops nowhere and gives [`Signals`];
//! [`Settings::replay`](crate::Settings::replay) judges by them under other settings, without the text.

mod c4;
mod fineweb_quality;
mod gopher_quality;
mod gopher_repetition;
mod signal;

pub use c4::C4Quality;
pub use fineweb_quality::FinewebQuality;
pub use gopher_quality::GopherQuality;
pub use gopher_repetition::GopherRepetition;
pub use signal::{Bound, Broken, Rule, Signal, Signals};

use rustc_hash::FxHashSet;

use crate::{Document, LanguageSettings, Settings, reasons};

/// A filter that is nothing but bounds on what it measures of a text.
pub(crate) trait Measures {
    /// The rules, in order.
    fn rules(&self) -> impl IntoIterator<Item = Rule>;

    /// One of the values that the rules name.
    fn value(&self, signal: Signal, document: &Document<'_>) -> f64;

    /// The first rule that a document breaks; nothing behind it is measured.
    fn first_broken(&self, document: &Document<'_>) -> Option<Broken> {
        // least and most of one value are neighbours: it is measured once
        let mut last = None;
        let mut value = |signal| match last {
            Some((measured, value)) if measured == signal => value,
            _ => last.insert((signal, self.value(signal, document))).1,
        };
        self.rules().into_iter().find_map(|rule| rule.broken(&mut value))
    }

    /// Every value, rules that are off included.
    fn measure(&self, document: &Document<'_>, signals: &mut Signals) {
        for Rule { signal, .. } in self.rules() {
            signals[signal] = self.value(signal, document);
        }
    }
}

impl Settings {
    /// All rules with a bound, in order, of the filters that are on.
    pub fn rules(&self) -> Vec<Rule> {
        let Self { language, gopher_repetition, gopher_quality, c4, fineweb, .. } = &self.resolved();
        let mut rules = vec![language_rule(language)];
        if gopher_repetition.enabled {
            rules.extend(gopher_repetition.rules());
        }
        if gopher_quality.enabled {
            rules.extend(gopher_quality.rules());
        }
        if c4.enabled {
            rules.extend(c4.rules());
        }
        if fineweb.enabled {
            rules.extend(fineweb.rules());
        }
        rules
    }

    /// The first rule that a page breaks of which `signals` were measured, perhaps under other bounds.
    ///
    /// It says what [`Filter::judge`](crate::Filter::judge) says where settings differ from those that measured in
    /// bounds only, which [`Rule::setting`] names, and in which filters other than C4 are on.
    pub fn replay(&self, signals: &Signals) -> Option<Broken> {
        first_broken(&self.rules(), signals)
    }

    /// With the preset known to each filter.
    pub(crate) fn resolved(&self) -> Self {
        let mut settings = self.clone();
        settings.gopher_repetition.preset = self.preset;
        settings.gopher_quality.preset = self.preset;
        settings.fineweb.preset = self.preset;
        settings
    }
}

pub(crate) fn first_broken(rules: &[Rule], signals: &Signals) -> Option<Broken> {
    rules.iter().find_map(|rule| rule.broken(|signal| signals[signal]))
}

fn language_rule(settings: &LanguageSettings) -> Rule {
    let bound = Bound::Above(settings.least_score());
    Rule::new(reasons::LANGUAGE_SCORE, Signal::LanguageScore, bound, "language.min_score")
}

/// Copies after the first: how many, and their length in code points.
fn duplicates<'t>(parts: impl Iterator<Item = &'t str>) -> (usize, usize) {
    let mut seen = FxHashSet::default();
    let copies = parts.filter(|part| !seen.insert(*part));
    copies.fold((0, 0), |(count, chars), copy| (count + 1, chars + copy.chars().count()))
}

/// `part` of `whole`; NaN, which breaks no bound, of nothing.
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
