//! WARC records out of hostile bytes, and a writer.
