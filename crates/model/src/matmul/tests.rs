//! Products against the definition, and their bits against themselves.

use super::*;
use crate::Random;

fn draw(purpose: &str, count: usize) -> Vec<f32> {
    let mut random = Random::new(1, purpose);
    (0..count).map(|_| random.normals()[0] as f32).collect()
}

fn product(a: Matrix<'_>, b: Matrix<'_>) -> Vec<f32> {
    let mut values = vec![f32::NAN; a.rows * b.columns];
    multiply(a, b, Target::new(&mut values, b.columns, Write::Set));
    values
}

/// The chain that every kernel must follow, one number at a time.
fn chain(a: Matrix<'_>, b: Matrix<'_>, row: usize, column: usize) -> f32 {
    let mut sum = None;
    for start in (0..a.columns).step_by(block(a.columns)) {
        let end = (start + block(a.columns)).min(a.columns);
        let part = (start..end).fold(0f32, |sum, k| {
            let x = a.values[row * a.row_step + k * a.column_step];
            x.mul_add(b.values[k * b.row_step + column * b.column_step], sum)
        });
        sum = Some(sum.map_or(part, |sum: f32| sum + part));
    }
    sum.unwrap_or(0.0)
}

#[test]
fn every_element_is_its_chain_to_the_bit() {
    for (m, n, k) in [
        (1, 1, 1),
        (9, 4, 1),
        (2, 40, 1),
        (5, 33, 7),
        (13, 16, 513),
        (90, 70, 40),
        (3, 200, 1100),
        (200, 65, 9),
    ] {
        let (a, b) = (draw("a", m * k), draw("b", k * n));
        let (a_turned, b_turned) = (Matrix::new(&a, m).t(), Matrix::new(&b, k).t());
        for a in [Matrix::new(&a, k), a_turned] {
            for b in [Matrix::new(&b, n), b_turned] {
                let got = product(a, b);
                for row in 0..m {
                    for column in 0..n {
                        let (got, expected) = (got[row * n + column], chain(a, b, row, column));
                        assert_eq!(got.to_bits(), expected.to_bits(), "{m} {n} {k}: {row}, {column}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_chain_in_two_pieces_is_one_chain() {
    for (m, n, k, first) in [(1, 64, 90, 1), (8, 70, 300, 64), (15, 7, 512, 500)] {
        let (a, b) = (draw("a", m * k), draw("b", k * n));
        let mut values = vec![f32::NAN; m * n];
        for terms in [0..first, first..k] {
            let a = Matrix::part(&a[terms.start..], m, terms.len(), k);
            let b = Packed::new(Matrix::new(&b[terms.start * n..terms.end * n], n), 512);
            let target = Target::new(&mut values, n, Write::Set);
            if terms.start == 0 { multiply_serial(a, &b, n, target) } else { multiply_on(a, &b, n, target) }
        }
        let whole = product(Matrix::new(&a, k), Matrix::new(&b, n));
        assert!(values.iter().zip(&whole).all(|(a, b)| a.to_bits() == b.to_bits()), "{m} {n} {k}");
    }
}

#[test]
fn rows_and_threads_change_no_bit() {
    let (m, n, k) = (300, 130, 600);
    let (a, b) = (draw("a", m * k), draw("b", k * n));
    let (a, b) = (Matrix::new(&a, k), Matrix::new(&b, n));
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let whole = pool(1).install(|| product(a, b));
    assert!(pool(3).install(|| product(a, b)) == whole);
    for (first, rows) in [(0, 1), (17, 2), (100, 64), (299, 1)] {
        let part = pool(2).install(|| product(a.rows_from(first, rows), b));
        assert!(part == whole[first * n..(first + rows) * n], "{rows} rows from {first}");
    }
}

#[test]
fn threads_change_no_bit_of_what_is_added_to() {
    let (m, n, k) = (40, 130, 1_600);
    let (a, b) = (draw("a", m * k), draw("b", k * n));
    let (a, b) = (Matrix::new(&a, k), Matrix::new(&b, n));
    let added = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut values = draw("there already", m * n);
        pool.install(|| multiply(a, b, Target::new(&mut values, n, Write::Add)));
        values
    };
    assert!(added(1) == added(3));
}

#[test]
fn sums_go_into_some_columns_and_leave_the_others() {
    let (a, b) = (draw("a", 4 * 3), draw("b", 3 * 5));
    let (a, b) = (Matrix::new(&a, 3), Matrix::new(&b, 5));
    let mut values = vec![1.0; 4 * 8];
    let target = Target { values: &mut values, row_step: 8, first_column: 2, write: Write::Add };
    multiply(a, b, target);
    for (at, &value) in values.iter().enumerate() {
        let (row, column) = (at / 8, at % 8);
        let inside = (2..7).contains(&column);
        let expected = if inside { 1.0 + chain(a, b, row, column - 2) } else { 1.0 };
        assert_eq!(value, expected);
    }
}

#[test]
fn a_packed_side_can_be_used_in_part() {
    let (a, b) = (draw("a", 7 * 20), draw("b", 30 * 50));
    let packed = Packed::new(Matrix::new(&b, 50), 8);
    let mut part = vec![0.0; 7 * 40];
    let a = Matrix::new(&a, 20);
    multiply_serial(a, &packed, 40, Target::new(&mut part, 40, Write::Set));
    let mut expected = vec![0.0; 7 * 40];
    let packed = Packed::new(Matrix::part(&b, 20, 40, 50), 8);
    multiply_serial(a, &packed, 40, Target::new(&mut expected, 40, Write::Set));
    assert!(part == expected);
}
