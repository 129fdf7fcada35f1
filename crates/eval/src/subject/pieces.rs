//! A context and its continuation as rows that fit into the model.

/// One row: its last tokens are targets, and each is predicted from all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// At least one token.
    pub(super) before: &'a [u32],
    /// At least one too.
    pub(super) targets: &'a [u32],
}

/// The rows of a text whose first `context` tokens are given: one for the most part. All tokens of a row but the last are
/// read, so one more than the model has positions takes part.
pub(super) fn pieces(text: &[u32], context: usize, positions: usize) -> Vec<Piece<'_>> {
    let mut found = vec![];
    let mut first = context.max(1);
    while first < text.len() {
        let end = (first + positions).min(text.len());
        let start = (end - 1).saturating_sub(positions);
        found.push(Piece { before: &text[start..first], targets: &text[first..end] });
        first = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::pieces;

    proptest! {
        #[test]
        fn every_token_is_predicted_once_from_as_much_as_fits(length in 0_usize..80, context in 1_usize..40, positions in 1_usize..30) {
            let text: Vec<u32> = (0..length as u32).collect();
            let found = pieces(&text, context, positions);
            let targets: Vec<u32> = found.iter().flat_map(|piece| piece.targets.to_vec()).collect();
            prop_assert_eq!(&targets[..], text.get(context..).unwrap_or(&[]));
            for piece in found {
                let read = piece.before.len() + piece.targets.len() - 1;
                prop_assert!(!piece.before.is_empty() && read <= positions);
                prop_assert!(read == positions || piece.before[0] == 0, "more would have fitted");
                prop_assert_eq!(piece.before.last().unwrap() + 1, piece.targets[0]);
            }
        }
    }
}
