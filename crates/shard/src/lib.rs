//! Rows at rest: tables, atomic Parquet writers, borrowed-row readers, remote inputs.
