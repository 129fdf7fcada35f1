//! Residual quantisation: a codebook for vectors, one for what it lost, and so on (Barnes et al. 1996; Zeghidour et al. 2021,
//! arXiv 2107.03312, section III.C).

use crate::{Codebook, Error, KMeans, Result};

/// Codebooks one after the other; each stands for what those before it lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiser {
    levels: Vec<Codebook>,
}

impl Quantiser {
    /// Codebooks of as many codes each.
    ///
    /// # Errors
    /// [`Error::Codebooks`] without any, and where they differ in size.
    pub fn new(levels: Vec<Codebook>) -> Result<Self> {
        let size = |codebook: &Codebook| (codebook.dim(), codebook.codes());
        match levels.first() {
            Some(first) if levels.iter().all(|level| size(level) == size(first)) => Ok(Self { levels }),
            _ => Err(Error::Codebooks { reason: "levels of different sizes, or none".into() }),
        }
    }

    /// Learns `levels` codebooks from `points`, `[points, dim]`. Where a level has fewer different vectors than codes, the
    /// codes that are left over repeat its first.
    ///
    /// # Errors
    /// What [`KMeans::learn`] refuses; [`Error::Setting`] without levels.
    pub fn learn(dim: usize, points: &[f32], levels: usize, settings: &KMeans) -> Result<Self> {
        if levels == 0 {
            return Err(Error::Setting { what: "levels", got: "0".into(), expected: "1 or more" });
        }
        let mut rest = points.to_vec();
        let mut books = Vec::with_capacity(levels);
        for level in 0..levels {
            let settings = KMeans { seed: settings.seed.wrapping_add(level as u64), ..*settings };
            let learned = settings.learn(dim, &rest)?.codebook;
            let mut vectors = learned.vectors().to_vec();
            while vectors.len() < settings.codes * dim {
                vectors.extend_from_within(..dim);
            }
            let codebook = Codebook::new(dim, vectors)?;
            subtract(&codebook, &mut rest);
            books.push(codebook);
        }
        Self::new(books)
    }

    /// Codebooks, coarsest first.
    pub fn levels(&self) -> &[Codebook] {
        &self.levels
    }

    /// Numbers of a vector.
    pub fn dim(&self) -> usize {
        self.levels[0].dim()
    }

    /// Codes of a level.
    pub fn codes(&self) -> usize {
        self.levels[0].codes()
    }

    /// Codes of all levels: what a vocabulary grows by.
    pub fn size(&self) -> usize {
        self.levels.len() * self.codes()
    }

    /// Appends the codes of `points`, `[points, dim]`: of each point those of all levels, a level's numbers after those of
    /// the level before.
    pub fn encode(&self, points: &[f32], codes: &mut Vec<u32>) {
        let mut rest = points.to_vec();
        let of_levels: Vec<Vec<u32>> =
            self.levels.iter().map(|codebook| subtract(codebook, &mut rest)).collect();
        for at in 0..points.len() / self.dim() {
            let numbers = of_levels.iter().enumerate();
            codes.extend(numbers.map(|(level, of)| (level * self.codes()) as u32 + of[at]));
        }
    }

    /// Appends the vectors that codes stand for, `[points, dim]`.
    ///
    /// # Errors
    /// [`Error::Count`] for a point that lacks levels, [`Error::Id`] for a code of another level or of none.
    pub fn decode(&self, codes: &[u32], points: &mut Vec<f32>) -> Result<()> {
        let levels = self.levels.len();
        if !codes.len().is_multiple_of(levels) {
            return Err(Error::Count { got: codes.len(), expected: format!("a multiple of {levels}") });
        }
        let all = self.codes() as u32;
        for (nth, of_point) in codes.chunks_exact(levels).enumerate() {
            let start = points.len();
            points.resize(start + self.dim(), 0.0);
            for (level, (&id, codebook)) in of_point.iter().zip(&self.levels).enumerate() {
                let expected = level as u32 * all..(level as u32 + 1) * all;
                if !expected.contains(&id) {
                    return Err(Error::Id { at: nth * levels + level, id, expected });
                }
                let vector = codebook.vector((id - expected.start) as usize);
                points[start..].iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
            }
        }
        Ok(())
    }

    /// Mean of the squared error over all numbers of `points`, `[points, dim]`.
    pub fn error(&self, points: &[f32]) -> f64 {
        let mut rest = points.to_vec();
        self.levels.iter().for_each(|codebook| {
            subtract(codebook, &mut rest);
        });
        rest.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>() / rest.len().max(1) as f64
    }
}

/// Leaves of each vector what its nearest code does not say, and gives the codes.
fn subtract(codebook: &Codebook, points: &mut [f32]) -> Vec<u32> {
    let mut codes = vec![];
    codebook.nearest(points, &mut codes);
    for (point, &code) in points.chunks_exact_mut(codebook.dim()).zip(&codes) {
        point.iter_mut().zip(codebook.vector(code as usize)).for_each(|(value, code)| *value -= code);
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::Quantiser;
    use crate::{Codebook, Error, KMeans};

    fn points() -> Vec<f32> {
        (0..6_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0).collect()
    }

    #[test]
    fn each_level_leaves_less() {
        let settings = KMeans { codes: 16, ..KMeans::default() };
        let errors: Vec<f64> = (1..=4)
            .map(|levels| Quantiser::learn(3, &points(), levels, &settings).unwrap().error(&points()))
            .collect();
        assert!(errors.windows(2).all(|pair| pair[1] < 0.5 * pair[0]), "{errors:?}");
    }

    #[test]
    fn what_is_decoded_is_as_far_as_the_error_says() {
        let quantiser =
            Quantiser::learn(3, &points(), 2, &KMeans { codes: 32, ..KMeans::default() }).unwrap();
        let (mut codes, mut decoded) = (vec![], vec![]);
        quantiser.encode(&points(), &mut codes);
        quantiser.decode(&codes, &mut decoded).unwrap();
        assert_eq!((codes.len(), decoded.len()), (4_000, 6_000));
        let squares = points().iter().zip(&decoded).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        assert!((squares / 6_000.0 / quantiser.error(&points()) - 1.0).abs() < 1e-3);
        // first levels are below 32, second ones above
        assert!(codes.chunks_exact(2).all(|pair| pair[0] < 32 && (32..64).contains(&pair[1])));
    }

    #[test]
    fn codes_of_nothing_are_refused() {
        let level = || Codebook::new(1, vec![0.0, 1.0]).unwrap();
        let quantiser = Quantiser::new(vec![level(), level()]).unwrap();
        let decode = |codes: &[u32]| quantiser.decode(codes, &mut vec![]);
        assert!(matches!(decode(&[0]), Err(Error::Count { got: 1, .. })));
        assert!(matches!(decode(&[0, 3, 0, 1]), Err(Error::Id { at: 3, id: 1, .. })));
        assert!(matches!(decode(&[2, 2]), Err(Error::Id { at: 0, id: 2, .. })));
        assert!(matches!(decode(&[0, 4]), Err(Error::Id { at: 1, id: 4, .. })));
        assert!(Quantiser::new(vec![]).is_err());
        assert!(Quantiser::new(vec![level(), Codebook::new(1, vec![0.0]).unwrap()]).is_err());
    }

    #[test]
    fn few_vectors_still_fill_all_codes() {
        let quantiser =
            Quantiser::learn(1, &[1.0, 2.0], 2, &KMeans { codes: 8, ..KMeans::default() }).unwrap();
        assert_eq!((quantiser.size(), quantiser.error(&[1.0, 2.0])), (16, 0.0));
    }
}
