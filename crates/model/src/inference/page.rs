//! Keys and values of some neighbouring positions of a row, in all layers.
//!
//! Rows that began alike share the pages of what they have in common, as in `PagedAttention` (Kwon et al. 2023,
//! arXiv 2309.06180, section 4.4), with one difference: pages are not equally long, so that even a short prompt is shared.

use std::ops::Range;
use std::sync::Arc;

use crate::layers::{CHAIN, Heads};
use crate::matmul::{Matrix, Packed};

/// Positions for which a row makes room when it has none.
const ROOM: usize = 128;

/// Some neighbouring positions, all within one chain of additions. Those of a page that another page of the row overlaps are
/// nobody's.
#[derive(Clone)]
pub(super) struct Page {
    /// Position of the first.
    start: usize,
    capacity: usize,
    /// Per layer and key head.
    layers: Vec<Vec<PagedHead>>,
}

/// Keys and values of one key head, laid out for products.
#[derive(Clone)]
pub(super) struct PagedHead {
    /// Kᵀ, `[d, positions]`.
    pub(super) keys: Packed,
    /// V, `[positions, d]`.
    pub(super) values: Packed,
}

impl Page {
    fn new(start: usize, capacity: usize, layers: usize, shape: &Heads) -> Self {
        let head = || PagedHead {
            keys: Packed::zeros(shape.width, capacity, CHAIN),
            values: Packed::zeros(capacity, shape.width, CHAIN),
        };
        let layer = || (0..shape.keys).map(|_| head()).collect();
        Self { start, capacity, layers: (0..layers).map(|_| layer()).collect() }
    }

    fn end(&self) -> usize {
        self.start + self.capacity
    }

    pub(super) fn head(&self, layer: usize, head: usize) -> &PagedHead {
        &self.layers[layer][head]
    }
}

/// The pages of one row, in the order of their positions.
#[derive(Clone, Default)]
pub(super) struct Row {
    pub(super) pages: Vec<Arc<Page>>,
}

impl Row {
    /// Makes room for new positions in pages that are this row's own.
    pub(super) fn reserve(
        &mut self,
        Range { start, end }: Range<usize>,
        context: usize,
        layers: usize,
        shape: &Heads,
    ) {
        let own = self.pages.last_mut().and_then(Arc::get_mut);
        let mut start = own.map_or(start, |page| page.end().max(start));
        while start < end {
            let room = (end - start).max(ROOM).min(CHAIN - start % CHAIN);
            let room = room.min(context.saturating_sub(start)).max(1);
            self.pages.push(Arc::new(Page::new(start, room, layers, shape)));
            start += room;
        }
    }

    /// Sets keys `[K, d]` and values `[K, d]` of a position, for which there is room.
    pub(super) fn set(&mut self, layer: usize, position: usize, keys: Matrix<'_>, values: Matrix<'_>) {
        let Some(page) = self.pages.iter_mut().rfind(|page| page.start <= position) else { return };
        let page = Arc::make_mut(page);
        for (head, of) in page.layers[layer].iter_mut().enumerate() {
            of.keys.set_column(position - page.start, keys.row(head));
            of.values.set_row(position - page.start, values.row(head));
        }
    }

    /// Gives up pages without a position below `length`. What is left of the last one is overwritten or left alone,
    /// depending on who else has it, as with any row.
    pub(super) fn shorten(&mut self, length: usize) {
        self.pages.retain(|page| page.start < length);
    }

    /// Positions of a page that may be this row's: those before the next page.
    pub(super) fn held(&self, page: usize) -> Range<usize> {
        let end = self.pages.get(page + 1).map_or(self.pages[page].end(), |next| next.start);
        self.pages[page].start..end
    }

    /// How many pages the row has in common with another, from the first on.
    pub(super) fn shared(&self, other: &Self) -> usize {
        let pages = self.pages.iter().zip(&other.pages).enumerate();
        let same = |(at, (page, of)): (usize, _)| Arc::ptr_eq(page, of) && self.held(at) == other.held(at);
        pages.map(same).take_while(|same| *same).count()
    }
}
