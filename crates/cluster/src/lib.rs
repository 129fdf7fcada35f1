//! Beyond one machine: a stage's tasks on Apache Ballista, and SQL over what runs left.
#![forbid(unsafe_code)]

pub mod sql;
