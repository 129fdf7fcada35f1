//! A line chart as SVG that takes the colours and the font of the page it stands in.
//!
//! plotters writes colours as numbers; here each number is a name that is replaced by a class, so that one drawing
//! is right in light, in dark and on paper. It draws on whole pixels, so the canvas is four times as fine as shown.

use plotters::prelude::*;

/// Canvas pixels for each unit of the drawing.
const FINE: u32 = 4;
const WIDTH: u32 = 480 * FINE;
const HEIGHT: u32 = 290 * FINE;

/// Colours that stand for classes of the page's style sheet.
const INK: RGBColor = RGBColor(1, 1, 1);
const FIRST: RGBColor = RGBColor(2, 2, 2);
const SECOND: RGBColor = RGBColor(3, 3, 3);
const CLASSES: [(&str, &str); 6] = [
    ("fill=\"#010101\"", "class=\"ink-fill\""),
    ("stroke=\"#010101\"", "class=\"ink\""),
    ("fill=\"#020202\"", "class=\"a-fill\""),
    ("stroke=\"#020202\"", "class=\"a\""),
    ("fill=\"#030303\"", "class=\"b-fill\""),
    ("stroke=\"#030303\"", "class=\"b\""),
];

/// How a curve is drawn.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mark {
    /// Many points: their line.
    Line,
    /// Few points: each is seen.
    LineAndDots,
}

/// One chart.
pub(super) struct Plot<'a> {
    /// Read aloud instead of the drawing.
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    /// At most two curves, each with at least one point; all values finite.
    pub(super) lines: &'a [(&'a [(f64, f64)], Mark)],
    /// A dashed level to compare with.
    pub(super) guide: Option<f64>,
}

/// The chart as an `<svg>` element without size: it is as wide as its place.
pub(super) fn svg(plot: &Plot<'_>) -> anyhow::Result<String> {
    let mut svg = String::new();
    draw(plot, &mut svg).map_err(|error| anyhow::anyhow!("a chart cannot be drawn: {error}"))?;
    for (colour, class) in CLASSES {
        svg = svg.replace(colour, class);
    }
    let size = format!("<svg width=\"{WIDTH}\" height=\"{HEIGHT}\"");
    let label = minijinja::HtmlEscape(plot.title);
    Ok(svg.replacen(&size, &format!("<svg class=\"plot\" role=\"img\" aria-label=\"{label}\""), 1))
}

fn draw(plot: &Plot<'_>, into: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(into, (WIDTH, HEIGHT)).into_drawing_area();
    let points = || plot.lines.iter().flat_map(|(points, _)| points.iter().copied());
    let (left, right) = bounds(points().map(|(x, _)| x));
    let (low, high) = bounds(points().map(|(_, y)| y).chain(plot.guide));
    let room = (high - low) * 0.06;
    let mut chart = ChartBuilder::on(&root)
        .margin(8 * FINE)
        .margin_right(20 * FINE)
        .x_label_area_size(42 * FINE)
        .y_label_area_size(78 * FINE)
        .build_cartesian_2d(left..right, low - room..high + room)?;
    let label = ("sans-serif", f64::from(16 * FINE)).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_desc(plot.x)
        .y_desc(plot.y)
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|x| number(*x))
        .y_label_formatter(&|y| number(*y))
        .label_style(label.clone())
        .axis_desc_style(label)
        .axis_style(INK.mix(0.45).stroke_width(FINE))
        .bold_line_style(INK.mix(0.13).stroke_width(FINE))
        .light_line_style(TRANSPARENT)
        .draw()?;
    if let Some(level) = plot.guide {
        let style = INK.mix(0.6).stroke_width(FINE);
        let ends = [(left, level), (right, level)];
        chart.draw_series(DashedLineSeries::new(ends, 6 * FINE, 5 * FINE, style))?;
    }
    for ((points, mark), colour) in plot.lines.iter().zip([FIRST, SECOND]) {
        chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(FINE * 2)))?;
        if *mark == Mark::LineAndDots {
            chart.draw_series(points.iter().map(|&point| Circle::new(point, 4 * FINE, colour.filled())))?;
        }
    }
    root.present()?;
    Ok(())
}

/// The least and the largest value, apart even where all are equal.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low < high { (low, high) } else { (low - 1.0, low + 1.0) }
}

/// A value in about four digits: 8.318, 0.0012, 3e-5, 12,000.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let fixed = match size {
        0.0 => return "0".to_owned(),
        1e4.. => {
            let sign = if value < 0.0 { "-" } else { "" };
            return format!("{sign}{}", crate::lines::thousands(size.round() as u64));
        }
        100.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.3}"),
        0.001.. => format!("{value:.4}"),
        _ => return format!("{value:.1e}").replace(".0e", "e"),
    };
    let fixed = if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.') } else { &fixed };
    fixed.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let all = [0.0, 8.3178, 0.5, 300.0, 0.003, 3e-5, -48_000.0, -1.5];
        assert_eq!(all.map(number), ["0", "8.318", "0.5", "300", "0.003", "3e-5", "-48,000", "-1.5"]);
    }

    #[test]
    fn colours_are_classes_and_titles_are_escaped() {
        let points = [(1.0, 2.0), (2.0, 1.0)];
        let lines = [(&points[..], Mark::LineAndDots), (&points[..1], Mark::Line)];
        let drawn = svg(&Plot { title: "a<b>", x: "<i>", y: "y", lines: &lines, guide: Some(3.0) }).unwrap();
        assert!(drawn.starts_with("<svg class=\"plot\" role=\"img\" aria-label=\"a&lt;b&gt;\" viewBox="));
        assert!(drawn.contains("class=\"a-fill\"") && drawn.contains("&lt;i&gt;"));
        assert!(!drawn.contains("#0") && !drawn.contains("<i>"), "{drawn}");
    }

    #[test]
    fn equal_values_have_an_axis_too() {
        let points = [(5.0, 2.0)];
        let lines = [(&points[..], Mark::Line)];
        assert!(svg(&Plot { title: "", x: "", y: "", lines: &lines, guide: None }).is_ok());
    }
}
