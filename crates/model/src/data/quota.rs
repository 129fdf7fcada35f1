//! Whose turn it is, so that everyone has the share that is due at any time.

/// Deals turns to sources by the quota method (Balinski and Young 1975, "The quota method of apportionment").
///
/// After k turns a source of share w has had k·w, rounded down or up, for every k. To serve whoever is furthest
/// behind looks as good, and is not: with many sources it strays further than that.
pub(super) struct Quota {
    weights: Vec<f64>,
    taken: Vec<u64>,
}

impl Quota {
    /// Before the first turn. Weights are positive; they need not add up to 1.
    pub(super) fn new(weights: Vec<f64>) -> Self {
        let taken = vec![0; weights.len()];
        Self { weights, taken }
    }

    /// Forgets all turns.
    pub(super) fn restart(&mut self) {
        self.taken.fill(0);
    }

    /// Turns of each source so far.
    pub(super) fn taken(&self) -> &[u64] {
        &self.taken
    }

    /// The source whose turn is next: of those below their quota, the one that will be late first.
    pub(super) fn due(&self) -> usize {
        let turns = (self.taken.iter().sum::<u64>() + 1) as f64;
        let total: f64 = self.weights.iter().sum();
        // multiplied out, so that weights that are whole numbers leave nothing to rounding
        let below = |&source: &usize| self.taken[source] as f64 * total < turns * self.weights[source];
        let late = |source: usize| (self.taken[source] + 1) as f64 / self.weights[source];
        let sources = (0..self.weights.len()).filter(below);
        sources
            .min_by(|&a, &b| late(a).total_cmp(&late(b)))
            .expect("quotas add up to one turn more than taken")
    }

    /// Counts a turn of `source`.
    pub(super) fn take(&mut self, source: usize) {
        self.taken[source] += 1;
    }
}
