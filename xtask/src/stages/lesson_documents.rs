//! Texts of lessons as documents, under addresses that nobody has.

use shard::{Documents, Writer, documents};

/// Writes a text of a collection, by its number there.
pub(super) fn push(of: &str, at: u64, text: &str, out: &mut Writer<Documents>) -> shard::Result<()> {
    let url = format!("https://{of}.example/{at}");
    out.push(&documents::Row {
        text,
        id: &id(&url),
        dump: "LESSON",
        url: &url,
        date: "2025-01-01T00:00:00Z",
        language: "en",
        language_score: 1.0,
        ..documents::Row::default()
    })
}

/// An id in the form that records of archives have.
fn id(url: &str) -> String {
    let hash = blake3::hash(url.as_bytes()).to_hex();
    let hex = hash.as_str();
    format!("<urn:uuid:{}-{}-{}-{}-{}>", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32])
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_look_like_those_of_records() {
        let made = id("https://memorisation.example/7");
        assert_eq!((made.len(), made.matches('-').count()), ("<urn:uuid:>".len() + 36, 4), "{made}");
    }
}
