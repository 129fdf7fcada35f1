//! The tables, one file each.

use arrow_schema::SchemaRef;

use crate::Table;

pub mod battles;
pub mod conversations;
pub mod documents;
pub mod dropped;
pub mod facts;
pub mod media;
pub mod messages;
pub mod metrics;
pub mod pages;
pub mod preferences;
pub mod problems;
pub mod rollouts;
pub mod samples;
pub mod scores;
pub mod signals;
pub mod tokens;
pub mod truth;

/// What a table is known by where its type is not at hand: when stages are wired, or an outside program's
/// output is checked.
struct Entry {
    name: &'static str,
    schema: fn() -> SchemaRef,
    reads: fn(&str) -> bool,
}

const fn entry<T: Table>() -> Entry {
    Entry { name: T::NAME, schema: T::schema, reads: T::reads }
}

const TABLES: [Entry; 15] = [
    entry::<pages::Pages>(),
    entry::<documents::Documents>(),
    entry::<dropped::Dropped>(),
    entry::<tokens::Tokens>(),
    entry::<metrics::Metrics>(),
    entry::<samples::Samples>(),
    entry::<media::Media>(),
    entry::<conversations::Conversations>(),
    entry::<problems::Problems>(),
    entry::<preferences::Preferences>(),
    entry::<rollouts::Rollouts>(),
    entry::<battles::Battles>(),
    entry::<scores::Scores>(),
    entry::<facts::Facts>(),
    entry::<truth::Truth>(),
];

/// The columns of the table `name`, such as `documents/1`.
pub fn schema(name: &str) -> Option<SchemaRef> {
    find(name).map(|entry| (entry.schema)())
}

/// The names of all tables.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|entry| entry.name)
}

/// Whether a shard that calls itself `got` can be read as the table `name`.
pub(crate) fn reads(name: &str, got: &str) -> bool {
    find(name).is_some_and(|entry| (entry.reads)(got))
}

fn find(name: &str) -> Option<&'static Entry> {
    TABLES.iter().find(|entry| entry.name == name)
}
