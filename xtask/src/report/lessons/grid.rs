//! A grid: abilities with a name of two parts, `tenths, larger is shorter`, before and after.

use super::super::axis::Axis;
use super::super::chart::{Chart, legend};
use super::super::plot::{self, Colour, Plot, Point, Shape};
use super::super::scores::Sheet;
use super::super::text;
use super::interviews::BENCHMARK;
use super::{Lesson, named};

/// Parts of a name.
const BETWEEN: &str = ", ";

/// The share of right answers of one ability in the first interview and in the last.
struct Cell {
    row: String,
    column: String,
    right: [f64; 2],
}

pub(super) fn of(sheets: &[Sheet]) -> anyhow::Result<Option<Lesson>> {
    let mut asked = sheets.iter().filter(|sheet| sheet.items(BENCHMARK).next().is_some());
    let (Some(first), Some(last)) = (asked.next(), asked.next_back()) else { return Ok(None) };
    let right = |sheet: &Sheet, name: &str| {
        sheet.items(BENCHMARK).find(|(known, _)| *known == name).and_then(|(_, item)| item.value("right"))
    };
    let cells: Vec<Cell> = first
        .items(BENCHMARK)
        .filter_map(|(name, _)| {
            let (row, column) = name.split_once(BETWEEN)?;
            let [row, column] = [row, column].map(|part| text::line(part, 24));
            Some(Cell { row, column, right: [right(first, name)?, right(last, name)?] })
        })
        .collect();
    if cells.is_empty() {
        return Ok(None);
    }
    let [rows, columns] = [names(&cells, |cell| &cell.row), names(&cells, |cell| &cell.column)];
    let row = |row: &String| {
        let cell = |column: &String| {
            let cell = cells.iter().find(|cell| cell.row == *row && cell.column == *column);
            cell.map_or_else(|| "–".to_owned(), |Cell { right: [a, b], .. }| format!("{a:.3} to {b:.3}"))
        };
        std::iter::once(row.clone()).chain(columns.iter().map(cell)).collect()
    };
    let stages = [first, last].map(|sheet| text::line(&sheet.stage, 40));
    Ok(Some(Lesson {
        title: "Where it was right",
        lead: "What was asked, by two of its sides. In each cell the share of right answers in the first interview stands \
               before that in the last.",
        checkpoint: stages.join(", "),
        chart: chart(&cells, &rows, &columns, &stages)?,
        rows: rows.iter().map(row).collect(),
        columns: named(&[""]).into_iter().chain(columns).collect(),
    }))
}

/// Different names, in the order in which they come.
fn names(cells: &[Cell], of: impl Fn(&Cell) -> &String) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for cell in cells {
        if !names.contains(of(cell)) {
            names.push(of(cell).clone());
        }
    }
    names
}

/// Two bars in each cell, as high as their shares.
fn chart(cells: &[Cell], rows: &[String], columns: &[String], stages: &[String; 2]) -> anyhow::Result<Chart> {
    let place =
        |names: &[String], name: &String| names.iter().position(|known| known == name).unwrap_or(0) as f64;
    let bar = |cell: &Cell, nth: usize| -> (Point, Point) {
        let (x, y) = (place(columns, &cell.column), place(rows, &cell.row));
        let left = x - 0.3 + 0.32 * nth as f64;
        ((left, y + 0.4), (left + 0.28, y + 0.4 - 0.8 * cell.right[nth]))
    };
    let [before, after] = [0, 1].map(|nth| cells.iter().map(|cell| bar(cell, nth)).collect::<Vec<_>>());
    let title = "Right answers by cell";
    let upright = Axis::of_names(columns.iter().map(String::as_str));
    let svg = plot::svg(&Plot {
        title,
        x: Axis { low: upright.high, high: upright.low, ..upright },
        y: Axis::of_names(rows.iter().map(String::as_str)),
        layers: &[(Colour::Second, Shape::Boxes(&before)), (Colour::First, Shape::Boxes(&after))],
        height: 90 + 80 * rows.len() as u32,
    })?;
    Ok(Chart {
        title: title.to_owned(),
        unit: "a bar as high as a row is an answer that is always right".to_owned(),
        svg,
        spark: None,
        caption: caption(cells),
        legend: legend(&[(&stages[0], "key-b"), (&stages[1], "key-a")]),
    })
}

fn caption(cells: &[Cell]) -> String {
    let gain = |cell: &&Cell| cell.right[1] - cell.right[0];
    let most = cells.iter().max_by(|a, b| gain(a).total_cmp(&gain(b)));
    let least = cells.iter().min_by(|a, b| gain(a).total_cmp(&gain(b)));
    let (Some(most), Some(least)) = (most, least) else { return String::new() };
    let told = |cell: &Cell| {
        let [a, b] = cell.right.map(|right| right * 100.0);
        format!("{}{BETWEEN}{}: {a:.1} % to {b:.1} %", cell.row, cell.column)
    };
    format!("It moved most where it is {}, least where it is {}.", told(most), told(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_where_it_moved() {
        let cell = |row: &str, right| Cell { row: row.to_owned(), column: "short".to_owned(), right };
        let said = caption(&[cell("wholes", [0.9, 0.95]), cell("tenths", [0.3, 0.9])]);
        assert!(said.contains("most where it is tenths, short: 30.0 % to 90.0 %"), "{said}");
        assert!(said.contains("least where it is wholes, short: 90.0 % to 95.0 %"), "{said}");
    }
}
