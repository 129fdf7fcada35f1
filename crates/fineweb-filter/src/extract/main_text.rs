//! The main text of a page: the blocks that are worth keeping.

use super::blocks::blocks;
use super::features::{Sink, Survey};
use super::weights::FEATURES;
use super::{Extract, Extractor, choose, forest, linked_data, reader, render, title};
use crate::Page;

/// Bytes of text below which a page may be one that scripts draw.
const LITTLE: usize = 500;

/// The main text: the page without navigation, advertising and the like.
#[derive(Clone, Debug)]
pub struct MainText {
    /// What stands behind this many elements and texts is not read.
    pub max_nodes: usize,
}

impl Extractor for MainText {
    fn extract(&self, page: &Page<'_>, out: &mut Extract) {
        let tree = reader::read(page.html, self.max_nodes);
        let cut = blocks(&tree);
        let survey = Survey::of(&tree, &cut, page.url);
        let mut chances = Vec::with_capacity(cut.blocks.len());
        survey.rows(&mut Row::default(), |row| {
            chances.push(forest::chance(&row.values));
            row.at = 0;
        });
        let words = cut.blocks.iter().map(|block| block.shape.words);
        let least = choose::least_chance(chances.iter().copied().zip(words));
        render::render(&tree, &cut, |block| chances[block] >= least, &mut out.text);
        out.title = title::best(&tree, &cut, &survey.title);
        out.rights = tree.head.rights();
        if out.text.len() < LITTLE {
            let mut repeated = String::new();
            linked_data::text(&tree.head, &mut repeated);
            if repeated.len() > 2 * out.text.len() {
                out.text = repeated;
            }
        }
    }
}

/// The features of one block.
struct Row {
    values: [i32; FEATURES.len()],
    at: usize,
}

impl Default for Row {
    fn default() -> Self {
        Self { values: [0; FEATURES.len()], at: 0 }
    }
}

impl Sink for Row {
    fn put(&mut self, _: &str, _: &str, value: i32) {
        self.values[self.at] = value;
        self.at += 1;
    }
}

/// What [`MainText`] measures of a page's blocks, for those who fit its weights.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// What the columns of `rows` are.
    pub names: Vec<String>,
    /// A row a block.
    pub rows: Vec<Vec<i32>>,
    /// The blocks as they would be written.
    pub texts: Vec<String>,
    /// Words of the blocks, as the choice between them counts them.
    pub sizes: Vec<u32>,
}

impl Measured {
    /// The columns that the weights in use were fitted to.
    #[must_use]
    pub fn fitted() -> Vec<String> {
        FEATURES.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Measures a page, of which at most `max_nodes` elements and texts are read.
    #[must_use]
    pub fn of(page: &Page<'_>, max_nodes: usize) -> Self {
        let tree = reader::read(page.html, max_nodes);
        let cut = blocks(&tree);
        let survey = Survey::of(&tree, &cut, page.url);
        let mut measured = Self::default();
        let mut sink = Named::default();
        survey.rows(&mut sink, |sink| {
            if measured.names.is_empty() {
                measured.names = std::mem::take(&mut sink.names);
            }
            measured.rows.push(std::mem::take(&mut sink.row));
        });
        for at in 0..cut.blocks.len() {
            let mut text = String::new();
            render::render(&tree, &cut, |block| block == at, &mut text);
            measured.texts.push(text);
            measured.sizes.push(cut.blocks[at].shape.words);
        }
        measured
    }
}

#[derive(Default)]
struct Named {
    names: Vec<String>,
    row: Vec<i32>,
}

impl Sink for Named {
    fn put(&mut self, name: &str, of: &str, value: i32) {
        self.names.push(format!("{name} {of}").trim_end().to_owned());
        self.row.push(value);
    }
}
