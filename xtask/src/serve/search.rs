//! Where a phrase stands in documents: every text is read, and none is remembered.

use std::path::PathBuf;

use chat::serve::{Found, Place};
use shard::{Documents, Reader, documents};

/// Bytes of text that are searched.
const MOST_TEXT: usize = 1 << 30;
/// Characters that are told before and behind a phrase.
const CONTEXT: usize = 80;

/// The first `most` places of a phrase, and how many there are; upper and lower case are alike.
pub(super) fn search(shards: &[(PathBuf, u64)], phrase: &str, most: usize) -> shard::Result<Found> {
    search_within(shards, phrase, most, MOST_TEXT)
}

fn search_within(
    shards: &[(PathBuf, u64)],
    phrase: &str,
    most: usize,
    most_text: usize,
) -> shard::Result<Found> {
    let phrase = folded(phrase);
    let mut found = Found { complete: true, ..Found::default() };
    let mut bytes = 0;
    for (path, _) in shards {
        for batch in Reader::<Documents>::open(path)? {
            for row in batch?.rows() {
                bytes += row.text.len();
                if bytes > most_text {
                    found.complete = false;
                    return Ok(found);
                }
                look(&row, &phrase, most, &mut found);
            }
        }
    }
    Ok(found)
}

/// Searches one document.
fn look(row: &documents::Row<'_>, phrase: &str, most: usize, found: &mut Found) {
    found.documents += 1;
    let text = folded(row.text);
    let mut starts = text.match_indices(phrase).map(|(at, _)| at).peekable();
    if phrase.is_empty() || starts.peek().is_none() {
        return;
    }
    found.documents_with += 1;
    let mut places = None;
    for start in starts {
        found.matches += 1;
        if found.rows.len() < most {
            let places = places.get_or_insert_with(|| Places::of(row.text));
            found.rows.push(place(row, places.before(start), places.behind(start + phrase.len())));
        }
    }
}

/// Letters as they are compared: in lower case, one sigma for both.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(lower).collect()
}

fn lower(letter: char) -> impl Iterator<Item = char> {
    letter.to_lowercase().map(|letter| if letter == 'ς' { 'σ' } else { letter })
}

/// Where letters of a text stand in it, and where their folded forms do.
struct Places(Vec<(usize, usize)>);

impl Places {
    fn of(text: &str) -> Self {
        let mut folded = 0;
        let mut places = vec![];
        for (at, letter) in text.char_indices() {
            places.push((folded, at));
            folded += lower(letter).map(char::len_utf8).sum::<usize>();
        }
        places.push((folded, text.len()));
        Self(places)
    }

    /// The beginning of the letter that has this place of the folded text in it.
    fn before(&self, folded: usize) -> usize {
        let at = self.0.partition_point(|(place, _)| *place <= folded);
        self.0[at.saturating_sub(1)].1
    }

    /// The end of the letter that has the place before this one in it.
    fn behind(&self, folded: usize) -> usize {
        let at = self.0.partition_point(|(place, _)| *place < folded);
        self.0[at.min(self.0.len() - 1)].1
    }
}

fn place(row: &documents::Row<'_>, start: usize, end: usize) -> Place {
    let (before, behind) = (&row.text[..start], &row.text[end..]);
    let from = before.char_indices().nth_back(CONTEXT - 1).map_or(0, |(at, _)| at);
    let to = behind.char_indices().nth(CONTEXT).map_or(behind.len(), |(at, _)| at);
    Place {
        id: row.id.to_owned(),
        url: row.url.to_owned(),
        before: before[from..].to_owned(),
        found: row.text[start..end].to_owned(),
        after: behind[..to].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shard::{Writer, documents};

    use super::*;

    fn found(texts: &[&str], phrase: &str, most: usize, most_text: usize) -> Found {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::<Documents>::create(directory.path(), "a.parquet", "test").unwrap();
        for text in texts {
            writer.push(&documents::Row { text, id: "x", ..documents::Row::default() }).unwrap();
        }
        writer.finish().unwrap();
        search_within(&[(directory.path().join("a.parquet"), 0)], phrase, most, most_text).unwrap()
    }

    #[test]
    fn case_does_not_matter_and_what_is_told_is_as_it_stands() {
        let texts = ["The Goat and the goats.", "ΟΔΟΣ, οδος", "İstanbul, ẞ and Straße", "nothing"];
        for (phrase, matches, documents, first) in [
            ("GOAT", 2, 1, "Goat"),
            ("οδοσ", 2, 1, "ΟΔΟΣ"),
            ("i", 2, 2, "İ"),
            ("STANBUL", 1, 1, "stanbul"),
            ("straße", 1, 1, "Straße"),
            ("cow", 0, 0, ""),
        ] {
            let found = found(&texts, phrase, 10, 1_000);
            assert_eq!(
                (found.documents, found.matches, found.documents_with, found.complete),
                (4, matches, documents, true),
                "{phrase}"
            );
            assert_eq!(found.rows.first().map_or("", |place| &place.found), first, "{phrase}");
        }
        let few = found(&["aaaa aaaa"; 3], "aa", 5, 20);
        assert_eq!((few.documents, few.matches, few.rows.len(), few.complete), (2, 8, 5, false));
    }

    proptest! {
        #[test]
        fn a_place_is_a_place_of_the_text(text in "[aAßẞİiΣσς 🦀é]{0,200}", phrase in "[aAßẞİiΣσς 🦀é]{1,3}") {
            let found = found(&[&text], &phrase, 1_000, 1 << 20);
            prop_assert_eq!(found.matches as usize, found.rows.len());
            for place in &found.rows {
                let whole = format!("{}{}{}", place.before, place.found, place.after);
                prop_assert!(text.contains(&whole));
                prop_assert!(folded(&place.found).contains(&folded(&phrase)));
            }
        }
    }
}
