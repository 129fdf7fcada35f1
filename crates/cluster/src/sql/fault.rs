//! What DataFusion refuses, as this program says it: what, where, got, expected, cure.

use std::error::Error as StdError;
use std::path::Path;

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use pipeline::{Error, Fault, nearest};

use super::catalog::{FILES, PATHS};

/// Columns that are named where one is not found.
const NAMED: usize = 40;

/// Why `query` has no answer.
pub(super) fn refused(error: &DataFusionError, query: &str) -> Error {
    if let Some(ours) = ours(error) {
        return ours;
    }
    let said = plainly(error);
    let fault = match error.find_root() {
        DataFusionError::SQL(problem, _) => {
            let (said, place) = without_place(&problem.to_string());
            let fault = Fault::new("the query is no SQL").got(said);
            return Error::Wiring(at(fault, query, place).cure("correct it there"));
        }
        DataFusionError::SchemaError(problem, _) => match problem.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => no_column(field, valid_fields),
            _ => Fault::new("the query does not say which column").got(said),
        },
        DataFusionError::Plan(_) => planned(&said),
        DataFusionError::NotImplemented(_) => Fault::new("this SQL is not supported").got(said),
        DataFusionError::ResourcesExhausted(_) => Fault::new("the query needs more memory than it may have")
            .got(said)
            .cure("ask for less: fewer columns, a `where`, an approximate count"),
        DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => {
            let fault = Fault::new("a file that the query reads cannot be read").got(said);
            let cure = "of a run, `deepdive verify RUN` says what moved; of an index, see what the server says, and wait";
            return Error::Input(fault.cure(cure));
        }
        DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => {
            Fault::new("the query failed on the rows that it read").got(said)
        }
        _ => Fault::new("the query cannot be answered").got(said),
    };
    let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
    let place = span.map(|span| (span.start.line, span.start.column));
    Error::Wiring(at(fault, query, place))
}

/// What DataFusion says, without what stands around it.
pub(super) fn plainly(error: &DataFusionError) -> String {
    let said = error.find_root().message().into_owned();
    said.split("\n\nbacktrace:").next().unwrap_or_default().trim().replace('\n', " ")
}

/// Our own refusal, where that is what went through DataFusion.
pub(super) fn ours(error: &DataFusionError) -> Option<Error> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<Error>() {
            Some(Error::Input(fault)) => return Some(Error::Input(fault.clone())),
            Some(Error::Moved(fault)) => return Some(Error::Moved(fault.clone())),
            Some(Error::Wiring(fault)) => return Some(Error::Wiring(fault.clone())),
            Some(other) => return Some(Error::Input(Fault::new(other.to_string()))),
            None => cause = error.source(),
        }
    }
    None
}

/// Line and column that a parser's message ends with, and the message before it.
fn without_place(said: &str) -> (String, Option<(u64, u64)>) {
    let said = said.trim_start_matches("sql parser error: ");
    let Some((before, place)) = said.rsplit_once(" at Line: ") else { return (said.to_owned(), None) };
    let place = place.split_once(", Column: ").and_then(|(line, column)| {
        Some((line.trim().parse().ok()?, column.trim().trim_end_matches(['.', '"', ')']).parse().ok()?))
    });
    (before.to_owned(), place)
}

/// Names the place, and shows a query of several lines the line.
fn at(fault: Fault, query: &str, place: Option<(u64, u64)>) -> Fault {
    let Some((line, column)) = place.filter(|(line, _)| *line > 0) else { return fault };
    let many = query.trim().lines().count() > 1;
    let shown = query.lines().nth(line as usize - 1).filter(|_| many).map(str::trim);
    let got = match shown {
        Some(shown) if fault.got.is_empty() => shown.to_owned(),
        Some(shown) => format!("{}, in: {shown}", fault.got),
        None => fault.got.clone(),
    };
    fault.at(Path::new(&format!("query:{line}:{column}")), None).got(got)
}

fn no_column(field: &Column, there: &[Column]) -> Fault {
    let fault = Fault::new(format!("no column is called \"{}\"", field.name));
    let mut names: Vec<&str> = there.iter().map(|column| column.name.as_str()).collect();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    let mut listed = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more > 0 {
        listed = format!("{listed} and {more} more");
    }
    let fault = if names.is_empty() { fault } else { fault.expected(format!("one of {listed}")) };
    match nearest(&field.name, names) {
        Some(near) => fault.cure(format!("did you mean {near}?")),
        None => fault.cure("`describe run.stage.output` lists columns; a text stands in single quotes"),
    }
}

/// Refusals of the planner that a cure is known for.
fn planned(said: &str) -> Fault {
    for kind in ["DDL", "DML", "Statement"] {
        if let Some(what) = said.strip_prefix(&format!("{kind} not supported: ")) {
            let fault = Fault::new("`sql` reads and changes nothing").got(what);
            let fault = fault.expected("a query: select, describe, show tables, explain");
            return fault.cure("--out FILE writes an answer to a file");
        }
    }
    let word = said.strip_prefix(&format!("table '{FILES}.{PATHS}."));
    if let Some(word) = word.and_then(|word| word.strip_suffix("' not found")) {
        let fault = Fault::new(format!("there is no table \"{word}\""));
        let fault = fault.expected("run.stage.output, as demo.filter.dropped, or a Parquet file in quotes");
        return fault.cure("`show tables` lists what can be asked");
    }
    Fault::new("the query makes no sense").got(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_says_where_it_stopped() {
        let said = "sql parser error: Expected: an expression, found: from at Line: 2, Column: 17";
        assert_eq!(without_place(said), ("Expected: an expression, found: from".to_owned(), Some((2, 17))));
        assert_eq!(without_place("it broke"), ("it broke".to_owned(), None));
    }
}
