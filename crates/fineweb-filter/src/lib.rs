//! Web page to document, or a reason why not: FineWeb's rules, extraction, language, private data, deduplication.
