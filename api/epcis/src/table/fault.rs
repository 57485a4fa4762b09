//! What can be wrong with a table, by line and column.

use std::fmt;

/// Why a table, or a row of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableFault {
    /// A cell is wrong.
    #[error("line {line}, column {column}: {fault}; {}", fault.fix())]
    Cell {
        /// The line, counted from one; the first has the names of the columns.
        line: u64,
        /// The column by its name, or by its number where it has none.
        column: Box<str>,
        /// What is wrong.
        fault: CellFault,
    },
    /// A line is no text.
    #[error("line {line}: this is not text in UTF-8; save the table as CSV in UTF-8")]
    NoText {
        /// The line, counted from one.
        line: u64,
    },
    /// The input could not be read.
    #[error("the table cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

impl TableFault {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Cell { fault, .. } => fault.code(),
            Self::NoText { .. } => "table_no_text",
            Self::Io(_) => "internal",
        }
    }

    /// Where it is: line and column.
    pub fn place(&self) -> String {
        match self {
            Self::Cell { line, column, .. } => format!("line {line}, column {column}"),
            Self::NoText { line } => format!("line {line}"),
            Self::Io(_) => "document".to_owned(),
        }
    }
}

impl From<csv::Error> for TableFault {
    fn from(error: csv::Error) -> Self {
        let line = error.position().map_or(1, csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Io(error),
            _ => Self::NoText { line },
        }
    }
}

/// What is wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellFault {
    /// The first row lacks a column.
    ColumnMissing,
    /// The first row has a column that means nothing here.
    ColumnUnknown,
    /// The first row names a column twice.
    ColumnTwice,
    /// A row is longer than the first.
    TooWide,
    /// The cell is empty and must not be.
    Empty,
    /// No such event.
    UnknownEvent,
    /// No time, or one without an offset.
    Time,
    /// What the scan says is wrong.
    Item(String),
    /// Neither a pack nor a container.
    NotSerialised,
    /// Not an SSCC.
    Container,
    /// No lot number.
    Lot,
    /// No date.
    Expiry,
    /// Another lot or date than the scan in the same row says.
    Differs,
    /// Not a GLN.
    Gln,
}

impl CellFault {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ColumnMissing => "table_column_missing",
            Self::ColumnUnknown => "table_column_unknown",
            Self::ColumnTwice => "table_column_twice",
            Self::TooWide => "table_too_wide",
            Self::Empty => "table_empty_cell",
            Self::UnknownEvent => "table_event",
            Self::Time => "table_time",
            Self::Item(_) => "table_item",
            Self::NotSerialised => "table_not_serialised",
            Self::Container => "table_container",
            Self::Lot => "table_lot",
            Self::Expiry => "table_expiry",
            Self::Differs => "table_differs",
            Self::Gln => "table_gln",
        }
    }

    /// What to do.
    pub const fn fix(&self) -> &'static str {
        match self {
            Self::ColumnMissing => "begin the table with a row of names, with event, time and item among them",
            Self::ColumnUnknown => {
                "name the columns event, time, item, container, lot, expiry, partner and place, and leave out others"
            }
            Self::ColumnTwice => "name each column once",
            Self::TooWide => "quote values with separators in them, and leave no cells behind the last column",
            Self::Empty => "fill it in",
            Self::UnknownEvent => "write commission, pack, unpack, ship, return, receive or destroy",
            Self::Time => "write it with its offset from UTC, such as 2026-11-22T08:30:00+01:00",
            Self::Item(_) => "scan or type it again",
            Self::NotSerialised => "give the pack with its serial number, or the container's SSCC",
            Self::Container => "give the container's SSCC, such as (00)095060000000000015",
            Self::Lot => "give 1 to 20 characters of GS1's set 82",
            Self::Expiry => "write it as YYYY-MM-DD, such as 2028-02-29",
            Self::Differs => "leave the cell empty, or correct it",
            Self::Gln => "give the thirteen digits of the GLN",
        }
    }
}

impl fmt::Display for CellFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::ColumnMissing => "the first row lacks this column",
            Self::ColumnUnknown => "no column has this name",
            Self::ColumnTwice => "the first row names it twice",
            Self::TooWide => "the row is longer than the first",
            Self::Empty => "the cell is empty",
            Self::UnknownEvent => "this is no event of a table",
            Self::Time => "this is no time with an offset",
            Self::Item(said) => said,
            Self::NotSerialised => "this names neither a pack nor a container",
            Self::Container => "this is no SSCC",
            Self::Lot => "this is no lot number",
            Self::Expiry => "this is no date",
            Self::Differs => "the item's own code says something else",
            Self::Gln => "this is no GLN",
        })
    }
}
