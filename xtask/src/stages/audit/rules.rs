//! Did each rule drop what it should, and nothing else.

use std::collections::BTreeMap;

use super::records::{Fate, Record, Records};
use super::scores::Sheet;

/// What stands for the reason where a page is, or should be, kept.
pub(super) const KEPT: &str = "kept";
/// What stands for the reason of a record of which no row tells.
const LOST: &str = "lost";

/// The rule that gives `reason`. FineWeb asks for a language and its score in one rule; whether text without a language
/// is taken for little of English or for some of another one is no matter of right and wrong.
fn rule(reason: &str) -> &str {
    match reason {
        "language_score" => "language",
        other => other,
    }
}

/// What should have been found, and what was.
#[derive(Default)]
pub(super) struct Tally {
    reasons: BTreeMap<String, Counts>,
    confusion: BTreeMap<(String, String), u64>,
}

#[derive(Default)]
struct Counts {
    expected: u64,
    found: u64,
    right: u64,
}

impl Tally {
    /// A record that should fall to `expected`, or be kept, and of which `found` is told; [`LOST`] is no finding.
    pub(super) fn add(&mut self, expected: &str, found: &str) {
        let [expected, found] = [expected, found].map(rule);
        self.of(expected).expected += 1;
        if found != LOST {
            self.of(found).found += 1;
        }
        if expected == found {
            self.of(expected).right += 1;
        } else {
            *self.confusion.entry((expected.to_owned(), found.to_owned())).or_default() += 1;
        }
    }

    fn of(&mut self, reason: &str) -> &mut Counts {
        self.reasons.entry(reason.to_owned()).or_default()
    }

    /// Writes recall and precision of every reason as `rules`, and what was taken for what as `confusion`.
    pub(super) fn score(&self, [rules, confusion]: [&'static str; 2], scores: &mut Sheet) {
        for (reason, Counts { expected, found, right }) in &self.reasons {
            scores.share(rules, reason, "recall", *right, *expected);
            scores.share(rules, reason, "precision", *right, *found);
            for (metric, count) in [("expected", expected), ("found", found), ("right", right)] {
                scores.figure(rules, reason, metric, *count as f64);
            }
        }
        for ((expected, found), count) in &self.confusion {
            scores.figure(confusion, &format!("{expected} > {found}"), "pages", *count as f64);
        }
    }
}

/// Scores `rules` (an item a reason, and `kept`) and `confusion` (an item `expected > found`).
pub(super) fn score(records: &Records, scores: &mut Sheet) {
    let mut tally = Tally::default();
    // damage has no id: of the records that it cost, as many are explained as there are rows of their reason
    let mut unexplained = records.damage.clone();
    for record in records.by_id.values() {
        let expected = record.first_reason.as_deref().unwrap_or(KEPT);
        tally.add(expected, found(record, expected, &mut unexplained));
    }
    for (reason, left) in unexplained {
        tally.of(&reason).found += left;
    }
    tally.score(["rules", "confusion"], scores);
}

fn found<'a>(record: &'a Record, expected: &'a str, unexplained: &mut BTreeMap<String, u64>) -> &'a str {
    match &record.fate {
        Fate::Kept => KEPT,
        Fate::Dropped(reason) => reason,
        Fate::Lost => match unexplained.get_mut(expected).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                expected
            }
            None => LOST,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn damage_is_matched_by_its_count_and_rules_by_record() {
        let record = |expected: Option<&str>, fate| Record {
            first_reason: expected.map(str::to_owned),
            fate,
            ..Record::default()
        };
        let dropped = |reason: &str| Fate::Dropped(reason.to_owned());
        let made = [
            record(None, Fate::Kept),
            record(None, dropped("language")),
            record(Some("language"), dropped("language")),
            record(Some("lorem_ipsum"), Fate::Kept),
            record(Some("garbage"), Fate::Lost),
            record(Some("garbage"), Fate::Lost),
        ];
        let by_id = made.into_iter().enumerate().map(|(at, record)| (at.to_string(), record)).collect();
        let damage = BTreeMap::from([("garbage".to_owned(), 1), ("bad_head".to_owned(), 1)]);
        let mut sheet = Sheet::default();
        score(&Records { by_id, damage }, &mut sheet);
        let lines = sheet.lines();
        for expected in [
            "rules garbage recall 0.5",
            "rules garbage precision 1",
            "rules bad_head precision 0",
            "rules language precision 0.5",
            "rules language recall 1",
            "rules kept recall 0.5",
            "rules kept precision 0.5",
            "rules lorem_ipsum recall 0",
            "confusion garbage > lost pages 1",
            "confusion kept > language pages 1",
            "confusion lorem_ipsum > kept pages 1",
        ] {
            assert!(lines.contains(&expected.to_owned()), "{expected} is not in {lines:#?}");
        }
        assert!(!lines.iter().any(|line| line.starts_with("rules lorem_ipsum precision")), "none was found");
    }
}
