//! From a vector to the likeliest label.

use super::matrix::Matrix;

/// The last layer.
#[derive(Debug)]
pub(super) enum Output {
    /// A row is a label's; scores become probabilities together.
    Softmax(Matrix),
    /// A row is an inner node of a binary tree.
    Tree(Matrix, Vec<Node>),
}

/// An inner node: what lies to its left and right. Labels come first, then inner nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    left: usize,
    right: usize,
}

/// Huffman's tree over labels that stand in order of falling counts, as the library builds it: of two equal counts it
/// takes the inner node before the label.
pub(super) fn tree(counts: &[i64]) -> Vec<Node> {
    const NEVER: i64 = 1_000_000_000_000_000;
    let labels = counts.len();
    let mut weights = counts.to_vec();
    weights.resize((2 * labels).saturating_sub(1), NEVER);
    let mut nodes = Vec::with_capacity(labels.saturating_sub(1));
    let (mut label, mut inner) = (labels, labels);
    for at in labels..weights.len() {
        let mut least = || {
            let leaf = label.checked_sub(1).filter(|&leaf| inner >= at || weights[leaf] < weights[inner]);
            if let Some(leaf) = leaf {
                label = leaf;
                leaf
            } else {
                inner += 1;
                inner - 1
            }
        };
        let (left, right) = (least(), least());
        weights[at] = weights[left].saturating_add(weights[right]);
        nodes.push(Node { left, right });
    }
    nodes
}

impl Output {
    /// The likeliest label and its probability.
    pub(super) fn best(&self, vector: &[f32]) -> (usize, f32) {
        match self {
            Self::Softmax(rows) => softmax(rows, vector),
            Self::Tree(rows, nodes) => descend(rows, nodes, vector),
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn softmax(rows: &Matrix, vector: &[f32]) -> (usize, f32) {
    let scores: Vec<f32> = (0..rows.rows()).map(|at| dot(rows.row(at), vector)).collect();
    let mut best = 0;
    for (at, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = at;
        }
    }
    let sum: f32 = scores.iter().map(|score| (score - scores[best]).exp()).sum();
    (best, 1.0 / sum)
}

/// Depth first from the root, leaving out what cannot get better than the best so far.
fn descend(rows: &Matrix, nodes: &[Node], vector: &[f32]) -> (usize, f32) {
    // the library adds 10⁻⁵ in double precision, and keeps floats
    let log = |x: f32| (f64::from(x) + 1e-5).ln() as f32;
    let labels = nodes.len() + 1;
    let mut best = (0, f32::NEG_INFINITY);
    let mut open = vec![(labels + nodes.len() - 1, 0.0f32)];
    while let Some((node, score)) = open.pop() {
        if score < best.1 {
            continue;
        }
        let Some(inner) = node.checked_sub(labels) else {
            if score > best.1 {
                best = (node, score);
            }
            continue;
        };
        let right = (1.0 / f64::from(1.0 + (-dot(rows.row(inner), vector)).exp())) as f32;
        let Node { left: left_node, right: right_node } = nodes[inner];
        open.push((right_node, score + log(right)));
        open.push((left_node, score + log((1.0 - f64::from(right)) as f32)));
    }
    (best.0, best.1.exp())
}

#[cfg(test)]
mod tests {
    use super::tree;

    #[test]
    fn a_huffman_tree() {
        let pairs =
            |counts: &[i64]| tree(counts).iter().map(|node| (node.left, node.right)).collect::<Vec<_>>();
        assert_eq!(pairs(&[8, 4, 2, 1]), [(3, 2), (4, 1), (5, 0)]);
        assert_eq!(pairs(&[3, 3, 3, 3]), [(3, 2), (1, 0), (4, 5)]);
        assert_eq!(pairs(&[1]), []);
        assert_eq!(pairs(&[]), []);
    }
}
