//! The column `signals`, which documents and dropped rows may have: what rules measured of a page.

use std::sync::Arc;

use arrow_array::builder::Float64Builder;
use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Fields};

use crate::Result;
use crate::column::{column, nullable};
use crate::nested::member;

/// The column's name.
pub(crate) const NAME: &str = "signals";

/// One field each, in the order of the rules that ask for them. Names are added at the end, and none goes.
#[rustfmt::skip]
pub const NAMES: [&str; 32] = [
    "language_score", "characters", "dup_para_frac", "dup_para_char_frac", "dup_line_frac", "dup_line_char_frac",
    "top_2_gram_frac", "top_3_gram_frac", "top_4_gram_frac", "dup_5_gram_frac", "dup_6_gram_frac", "dup_7_gram_frac",
    "dup_8_gram_frac", "dup_9_gram_frac", "dup_10_gram_frac", "tokens", "words", "mean_word_length", "hash_ratio",
    "ellipsis_ratio", "bullet_line_ratio", "ellipsis_line_ratio", "alpha_word_ratio", "stop_words", "lorem_ipsum",
    "curly_bracket", "sentences", "clean_lines", "line_punct_ratio", "short_line_ratio", "char_dup_ratio",
    "new_line_ratio",
];

/// A value for each of [`NAMES`], NaN where nothing could be measured; kept in 64 bits, so that who judges by them again
/// judges alike at a threshold too.
pub type Values = [f64; NAMES.len()];

pub(crate) fn field() -> Field {
    nullable(NAME, DataType::Struct(fields()))
}

fn fields() -> Fields {
    NAMES.iter().map(|name| nullable(name, DataType::Float64)).collect()
}

/// The column of one batch.
#[derive(Debug)]
pub(crate) struct Column {
    rows: StructArray,
    values: Vec<Float64Array>,
}

impl Column {
    pub(crate) fn bind(batch: &RecordBatch) -> Result<Self> {
        let rows: StructArray = column(batch, NAME)?;
        let values = NAMES.iter().map(|name| member(&rows, name)).collect::<Result<_>>()?;
        Ok(Self { rows, values })
    }

    pub(crate) fn value(&self, at: usize) -> Option<Values> {
        let value = |of: usize| {
            let values: &Float64Array = &self.values[of];
            if values.is_valid(at) { values.value(at) } else { f64::NAN }
        };
        self.rows.is_valid(at).then(|| std::array::from_fn(value))
    }
}

/// Collects the column.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    valid: Vec<bool>,
    values: [Float64Builder; NAMES.len()],
}

impl Builder {
    pub(crate) fn push(&mut self, values: Option<&Values>) {
        self.valid.push(values.is_some());
        for (at, builder) in self.values.iter_mut().enumerate() {
            builder.append_option(values.map(|values| values[at]).filter(|value| !value.is_nan()));
        }
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        let nulls = NullBuffer::from(std::mem::take(&mut self.valid));
        let columns = self.values.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        Arc::new(StructArray::new(fields(), columns, Some(nulls)))
    }
}
