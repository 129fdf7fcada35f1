//! Items in an order of their own, so many a step.

use std::collections::VecDeque;

use model::{Batches, Cursor, Random};

/// Items of a list as batches: every pass over them in another order, a step averages over `per_step` of them.
///
/// Which items a step has follows from its number alone, so there is nothing to remember.
pub struct Shuffled<'a, B> {
    /// Tokens of each item.
    pub sizes: Vec<usize>,
    /// Items of a step.
    pub per_step: usize,
    /// Most tokens of a batch; a longer item is one by itself.
    pub tokens_per_batch: usize,
    /// Where the order comes from.
    pub seed: u64,
    /// Makes a batch of items, named by their places in the list.
    pub build: &'a dyn Fn(&[usize]) -> model::Result<B>,
    /// What is left of the step that is being dealt.
    dealt: Option<(u64, VecDeque<Vec<usize>>)>,
}

impl<'a, B> Shuffled<'a, B> {
    /// A source that has dealt nothing yet.
    pub fn new(
        sizes: Vec<usize>,
        per_step: usize,
        tokens_per_batch: usize,
        seed: u64,
        build: &'a dyn Fn(&[usize]) -> model::Result<B>,
    ) -> Self {
        Self { sizes, per_step, tokens_per_batch, seed, build, dealt: None }
    }

    fn deal(&self, step: u64) -> VecDeque<Vec<usize>> {
        let mut batches: VecDeque<Vec<usize>> = VecDeque::new();
        let mut room = 0;
        for item in order(self.sizes.len(), self.per_step, self.seed, step) {
            let size = self.sizes[item];
            if let Some(batch) = batches.back_mut().filter(|_| size <= room) {
                batch.push(item);
                room -= size;
            } else {
                batches.push_back(vec![item]);
                room = self.tokens_per_batch.saturating_sub(size);
            }
        }
        batches
    }
}

impl<B> Batches for Shuffled<'_, B> {
    type Batch = B;

    /// The next batch of a step, and nothing when the step has no more: the next step begins with the next call.
    fn next(&mut self, step: u64) -> model::Result<Option<B>> {
        if self.dealt.as_ref().is_none_or(|(dealt, _)| *dealt != step) {
            self.dealt = Some((step, self.deal(step)));
        }
        let items = self.dealt.as_mut().and_then(|(_, batches)| batches.pop_front());
        items.map(|items| (self.build)(&items)).transpose()
    }

    fn cursor(&self) -> Cursor {
        Cursor::default()
    }

    fn seek(&mut self, _: &Cursor) -> model::Result<()> {
        self.dealt = None;
        Ok(())
    }
}

/// The items of round `round`, `each` a round, of `items`: all come once before one comes again.
pub(crate) fn order(items: usize, each: usize, seed: u64, round: u64) -> Vec<usize> {
    let first = round as usize * each;
    let mut pass = None;
    let mut shuffled = vec![];
    let mut at = |place: usize| {
        let epoch = place / items;
        if pass != Some(epoch) {
            shuffled = (0..items).collect::<Vec<usize>>();
            Random::new(seed, &format!("order of pass {epoch}")).shuffle(&mut shuffled);
            pass = Some(epoch);
        }
        shuffled[place % items]
    };
    if items == 0 { vec![] } else { (first..first + each).map(&mut at).collect() }
}

#[cfg(test)]
mod tests {
    use model::Batches;

    use super::{Shuffled, order};

    #[test]
    fn every_item_comes_once_before_one_comes_again() {
        let all: Vec<usize> = (0..6).flat_map(|round| order(9, 3, 1, round)).collect();
        for pass in all.chunks(9) {
            let mut pass = pass.to_vec();
            pass.sort_unstable();
            assert_eq!(pass, (0..9).collect::<Vec<_>>());
        }
        assert_ne!(all[..9], all[9..]);
        assert_eq!(order(4, 10, 1, 0).len(), 10);
        assert!(order(0, 3, 1, 0).is_empty());
    }

    #[test]
    fn a_step_has_its_items_whatever_fits_a_batch() {
        let items = |tokens, step| {
            let build = |items: &[usize]| Ok(items.to_vec());
            let mut batches = Shuffled::new(vec![5; 10], 4, tokens, 7, &build);
            let mut found = vec![];
            while let Some(batch) = batches.next(step).unwrap() {
                assert!(batch.len() == 1 || batch.len() * 5 <= tokens);
                found.extend(batch);
            }
            found
        };
        for step in [0, 3] {
            assert_eq!(items(1_000, step).len(), 4);
            assert_eq!(items(1_000, step), items(10, step));
            assert_eq!(items(1_000, step), items(1, step));
        }
        assert_ne!(items(1_000, 0), items(1_000, 3));
    }
}
