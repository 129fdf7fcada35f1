//! What bounds memory.

/// How much of a hostile archive may be held in memory at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of one record, head included, after inflating. A larger record is skipped, not held.
    pub record_bytes: usize,
    /// Most bytes of one page: its content codings are undone, its charset is not decoded yet.
    pub payload_bytes: usize,
    /// Most content codings around one page (gzip inside gzip is seen in the wild, ten layers are an attack).
    pub codings: usize,
}

impl Default for Limits {
    /// 64 MiB a record, 20 MB a page (where FineWeb's extractor stops), 4 codings.
    fn default() -> Self {
        Limits { record_bytes: 64 << 20, payload_bytes: 20_000_000, codings: 4 }
    }
}
