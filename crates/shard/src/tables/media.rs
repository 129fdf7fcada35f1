//! `media/1`: pictures and sounds, as files.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::types::UInt32Type;
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Schema, SchemaRef};

use crate::column::{ROW_BYTES, check_words, column, nullable, required, text_bytes, value};
use crate::nested::{Lists, NumberLists, list_of};
use crate::{Error, Result, Table};

/// Pictures and sounds, each by a name that conversations know it by.
#[derive(Debug)]
pub struct Media {
    name: StringArray,
    source: StringArray,
    kind: StringArray,
    bytes: BinaryArray,
    caption: StringArray,
    ids: Lists<UInt32Array>,
}

/// One picture or one sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// What it is called: no two of a table have one name. A part of a message whose text this is means this picture or sound.
    pub name: &'a str,
    /// Where it comes from.
    pub source: &'a str,
    /// What it is.
    pub kind: MediaKind,
    /// A file: PNG, JPEG or WAV.
    pub bytes: &'a [u8],
    /// What it shows or says, in words.
    pub caption: Option<&'a str>,
    /// Its codes, where it was encoded.
    pub ids: Option<&'a [u32]>,
}

/// A sort of medium; stored by [`MediaKind::name`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    #[default]
    Image,
    /// A sound.
    Audio,
}

impl MediaKind {
    /// The word that stands in the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
        }
    }

    /// The sort of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Image, Self::Audio].into_iter().find(|kind| kind.name() == name)
    }
}

impl Table for Media {
    const NAME: &'static str = "media/1";
    type Row<'a> = Row<'a>;
    type Builder = Builder;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            required("name", DataType::Utf8),
            required("source", DataType::Utf8),
            required("kind", DataType::Utf8),
            required("bytes", DataType::Binary),
            nullable("caption", DataType::Utf8),
            nullable("ids", list_of(DataType::UInt32)),
        ]))
    }

    fn bind(batch: &RecordBatch) -> Result<Self> {
        let kind: StringArray = column(batch, "kind")?;
        check_words("kind", &kind, "image or audio", |name| MediaKind::from_name(name).is_some())?;
        Ok(Self {
            name: column(batch, "name")?,
            source: column(batch, "source")?,
            kind,
            bytes: column(batch, "bytes")?,
            caption: column(batch, "caption")?,
            ids: Lists::bind(batch, "ids")?,
        })
    }

    fn row(&self, at: usize) -> Row<'_> {
        Row {
            name: self.name.value(at),
            source: self.source.value(at),
            kind: MediaKind::from_name(self.kind.value(at)).expect("checked when the batch was bound"),
            bytes: self.bytes.value(at),
            caption: value(&self.caption, at),
            ids: self.ids.numbers(at),
        }
    }
}

/// Collects pictures and sounds.
#[derive(Debug, Default)]
pub struct Builder {
    name: StringBuilder,
    source: StringBuilder,
    kind: StringBuilder,
    bytes: BinaryBuilder,
    caption: StringBuilder,
    ids: NumberLists<UInt32Type>,
}

impl crate::Builder<Media> for Builder {
    fn append(&mut self, row: &Row<'_>) -> Result<usize> {
        let text = text_bytes(Media::NAME, &[row.name, row.source, row.caption.unwrap_or_default()])?;
        if row.bytes.len() > ROW_BYTES {
            let (expected, got) =
                (format!("at most {ROW_BYTES} bytes a file"), format!("{} bytes", row.bytes.len()));
            return Err(Error::Row { table: Media::NAME, column: "bytes", expected, got });
        }
        self.name.append_value(row.name);
        self.source.append_value(row.source);
        self.kind.append_value(row.kind.name());
        self.bytes.append_value(row.bytes);
        self.caption.append_option(row.caption);
        self.ids.push(row.ids);
        Ok(text + row.bytes.len() + 4 * row.ids.map_or(0, <[u32]>::len))
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.name.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.bytes.finish()),
            Arc::new(self.caption.finish()),
            self.ids.finish(),
        ]
    }
}
