//! Numbers in a CSV file, with a heading.

use std::io::Read;

use ndarray::Array2;

use crate::columns::COLUMNS_MAX;
use crate::error::LearnError;

/// The most cells that a table may have: 1.6 GB of them.
pub const CELLS_MAX: usize = 200_000_000;

/// Rows of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Of the columns.
    pub names: Vec<String>,
    /// A row of the file each; an empty cell is not a number.
    pub rows: Array2<f64>,
}

impl Table {
    /// Reads a table whose first line names the columns.
    pub fn read(input: impl Read) -> Result<Self, LearnError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
        let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        if names.is_empty() {
            return Err(LearnError::NoColumns);
        }
        if names.len() > COLUMNS_MAX {
            return Err(LearnError::Limit { what: format!("{} columns", names.len()), max: COLUMNS_MAX });
        }
        let mut cells = Vec::new();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            for (at, cell) in record.iter().enumerate() {
                cells.push(number(cell).ok_or_else(|| {
                    let cell = cell.chars().take(40).collect();
                    LearnError::Cell { line, column: at + 1, name: names[at].clone(), cell }
                })?);
            }
            if cells.len() > CELLS_MAX {
                return Err(LearnError::Limit {
                    what: format!("more cells than a table may have by line {line}"),
                    max: CELLS_MAX,
                });
            }
        }
        if cells.is_empty() {
            return Err(LearnError::NoRows);
        }
        let shape = (cells.len() / names.len(), names.len());
        let rows = Array2::from_shape_vec(shape, cells).expect("every line has as many cells as the first");
        Ok(Self { names, rows })
    }
}

fn number(cell: &str) -> Option<f64> {
    if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_with_gaps() {
        let table = Table::read("a, b\n1,\n-2.5e3,inf\n".as_bytes()).expect("a good table");
        assert_eq!(table.names, ["a", "b"]);
        assert_eq!(table.rows.dim(), (2, 2));
        assert!(table.rows[(0, 1)].is_nan() && table.rows[(1, 1)].is_infinite());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let said = |text: &str| {
            let error = Table::read(text.as_bytes()).expect_err("a bad table");
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        };
        let cell = "line 3, column 2 (b): `x` is not a number; leave the cell empty where the value is missing";
        assert_eq!(said("a,b\n1,2\n3,x\n"), cell);
        assert!(said("a,b\n1\n").contains("line: 2"), "{}", said("a,b\n1\n"));
        assert_eq!(said("a,b\n"), "the data have no rows");
        assert_eq!(said(""), "the data have no columns");
    }
}
