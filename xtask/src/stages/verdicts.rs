//! Who was preferred to whom: whether labellers agree, and whether any score could agree with them.

use std::collections::{BTreeMap, BTreeSet};

/// Of two answers, each known by a number, the one that somebody likes better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) better: u64,
    pub(super) worse: u64,
}

/// The number of an answer to a prompt: equal texts under one prompt have the same.
pub(super) fn number(prompt: &str, answer: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(prompt.len() as u64).to_le_bytes()).update(prompt.as_bytes()).update(answer.as_bytes());
    hasher.finalize().as_bytes()[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// How often two judgements of the same pair agree: agreeing twos of judgements, and all of them.
pub(super) fn agreement(verdicts: &[Verdict]) -> (u64, u64) {
    let mut judged: BTreeMap<(u64, u64), [u64; 2]> = BTreeMap::new();
    for Verdict { better, worse } in verdicts {
        judged.entry((*better.min(worse), *better.max(worse))).or_default()[usize::from(better < worse)] += 1;
    }
    let twos = |n: u64| n * n.saturating_sub(1) / 2;
    judged
        .values()
        .fold((0, 0), |(agreed, all), [yes, no]| (agreed + twos(*yes) + twos(*no), all + twos(yes + no)))
}

/// Answers that are preferred to themselves by way of others: no score can agree with all of these verdicts.
///
/// These are the strongly connected components of more than one answer (Kosaraju's two walks; Sharir 1981,
/// doi 10.1016/0898-1221(81)90008-0).
pub(super) fn in_circles(verdicts: &[Verdict]) -> BTreeSet<u64> {
    let (mut beats, mut beaten): (Edges, Edges) = (Edges::new(), Edges::new());
    for Verdict { better, worse } in verdicts {
        beats.entry(*better).or_default().push(*worse);
        beats.entry(*worse).or_default();
        beaten.entry(*worse).or_default().push(*better);
    }
    let (mut seen, mut left) = (BTreeSet::new(), vec![]);
    for start in beats.keys() {
        walk(*start, &beats, &mut seen, &mut left);
    }
    // against the verdicts, from who was left last: what is reached and new is one component
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    for start in left.into_iter().rev() {
        let mut component = vec![];
        walk(start, &beaten, &mut seen, &mut component);
        if component.len() > 1 {
            found.extend(component);
        }
    }
    found
}

type Edges = BTreeMap<u64, Vec<u64>>;

/// Visits whoever is reached and not yet seen, and notes each when all behind it is done.
fn walk(start: u64, edges: &Edges, seen: &mut BTreeSet<u64>, left: &mut Vec<u64>) {
    if !seen.insert(start) {
        return;
    }
    let of = |node: u64| edges.get(&node).map_or(&[][..], Vec::as_slice);
    let mut open = vec![(start, of(start))];
    while let Some((node, rest)) = open.last_mut() {
        if let Some((next, others)) = rest.split_first() {
            *rest = others;
            if seen.insert(*next) {
                open.push((*next, of(*next)));
            }
        } else {
            left.push(*node);
            open.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Verdict, agreement, in_circles, number};

    fn verdicts(pairs: &[(u64, u64)]) -> Vec<Verdict> {
        pairs.iter().map(|(better, worse)| Verdict { better: *better, worse: *worse }).collect()
    }

    #[test]
    fn answers_are_known_by_prompt_and_text() {
        assert_eq!(number("a", "b"), number("a", "b"));
        assert!(number("a", "bc") != number("ab", "c") && number("a", "b") != number("b", "a"));
    }

    #[test]
    fn labellers_agree_or_not() {
        assert_eq!(agreement(&verdicts(&[(1, 2), (1, 2), (2, 1), (1, 3)])), (1, 3));
        assert_eq!(agreement(&[]), (0, 0));
    }

    #[test]
    fn circles_are_found_and_what_leads_to_them_is_none() {
        assert!(in_circles(&verdicts(&[(1, 2), (2, 3), (1, 3)])).is_empty());
        // 4 leads from the circle of 1, 2, 3 to that of 5 and 6; 7 is above all
        let circles = verdicts(&[(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 5), (7, 1)]);
        assert_eq!(in_circles(&circles).into_iter().collect::<Vec<_>>(), [1, 2, 3, 5, 6]);
        let long: Vec<(u64, u64)> = (0..200_000).map(|at| (at, (at + 1) % 200_000)).collect();
        assert_eq!(in_circles(&verdicts(&long)).len(), 200_000);
    }

    proptest! {
        #[test]
        fn whoever_reaches_himself_is_in_a_circle(pairs in prop::collection::vec((0..9_u64, 0..9_u64), 0..20)) {
            let pairs: Vec<(u64, u64)> = pairs.into_iter().filter(|(a, b)| a != b).collect();
            let mut reaches = [[false; 9]; 9];
            for (a, b) in &pairs {
                reaches[*a as usize][*b as usize] = true;
            }
            for via in 0..9 {
                for from in 0..9 {
                    for to in 0..9 {
                        reaches[from][to] |= reaches[from][via] && reaches[via][to];
                    }
                }
            }
            let expected: Vec<u64> = (0..9).filter(|at| reaches[*at as usize][*at as usize]).collect();
            prop_assert_eq!(in_circles(&verdicts(&pairs)).into_iter().collect::<Vec<_>>(), expected);
        }
    }
}
