//! Events from a table (CSV, RFC 4180), for who has a spreadsheet and no EPCIS file.
//!
//! The first row names the columns, in any order; each row below names one pack or container. Rows below each other that say the
//! same of several are one event. A bad row is one fault, and reading goes on at the next.
//!
//! | column | what stands in it |
//! |---|---|
//! | `event` | `commission`, `pack`, `unpack`, `ship`, `return`, `receive` or `destroy` |
//! | `time` | when, with the offset from UTC: `2026-11-22T08:30:00+01:00` |
//! | `item` | the pack or container, as a scanner reads it, as a Digital Link or as an EPC URN; may be empty for `unpack` |
//! | `container` | the SSCC that the item goes into or comes out of, for `pack` and `unpack` |
//! | `lot`, `expiry` | for `commission`; the expiry as `2028-02-29`; may be left to what the item's scan says |
//! | `partner` | GLN of the receiver for `ship` and `return`, of the sender for `receive` |
//! | `place` | GLN of one's own place; may be empty |

mod event;
mod fault;

use std::collections::VecDeque;
use std::io::BufRead;

pub use fault::{CellFault, TableFault};

use crate::limits::EPCS_PER_EVENT_MAX;
use crate::model::Event;
use event::{Head, Row};

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// What happened.
    Event,
    /// When.
    Time,
    /// To what.
    Item,
    /// Into or out of what.
    Container,
    /// The lot of what begins.
    Lot,
    /// Its last day of use.
    Expiry,
    /// The other side of a handoff.
    Partner,
    /// One's own place.
    Place,
}

impl Column {
    /// Every column, in the order in which they are explained.
    pub const ALL: [Self; 8] =
        [Self::Event, Self::Time, Self::Item, Self::Container, Self::Lot, Self::Expiry, Self::Partner, Self::Place];
    /// Those that each table has.
    pub const REQUIRED: [Self; 3] = [Self::Event, Self::Time, Self::Item];

    /// Its name in the first row.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Time => "time",
            Self::Item => "item",
            Self::Container => "container",
            Self::Lot => "lot",
            Self::Expiry => "expiry",
            Self::Partner => "partner",
            Self::Place => "place",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|column| column.name() == name)
    }
}

/// An event, and the lines that it was read from, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// The event.
    pub event: Event,
    /// Its first line.
    pub first: u64,
    /// Its last line.
    pub last: u64,
}

/// A table on its way in. Only one event is in memory at a time.
///
/// ```
/// let table = b"event,time,item,lot,expiry
/// commission,2026-11-22T08:00:00Z,(01)09506000134352(21)A1,L1,2028-02-29
/// commission,2026-11-22T08:00:00Z,(01)09506000134352(21)A2,L1,2028-02-29
/// ";
/// let mut reader = veridose_epcis::TableReader::new(&table[..])?;
/// let read = reader.next().expect("one event")?;
/// assert_eq!((read.event.epc_list.len(), read.first, read.last), (2, 2, 3));
/// assert!(reader.next().is_none());
/// # Ok::<(), veridose_epcis::TableFault>(())
/// ```
pub struct TableReader<R> {
    rows: csv::StringRecordsIntoIter<R>,
    columns: Vec<Column>,
    open: Option<(Head, Lines)>,
    ready: VecDeque<Result<Lines, TableFault>>,
    ended: bool,
}

impl<R: BufRead> TableReader<R> {
    /// Reads the first row. The columns are separated by commas, semicolons or tabs, as the first row has it.
    pub fn new(mut input: R) -> Result<Self, TableFault> {
        let delimiter = delimiter(input.fill_buf()?);
        // Of a line that ends with a carriage return and a line feed the first is trimmed; as two ends of one line they would make
        // the numbers of lines lag behind.
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .terminator(csv::Terminator::Any(b'\n'))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(input);
        let columns = columns(reader.headers()?)?;
        Ok(Self { rows: reader.into_records(), columns, open: None, ready: VecDeque::new(), ended: false })
    }

    /// Takes a row: it goes on with the open event, or ends it and begins one.
    fn take(&mut self, row: Result<csv::StringRecord, csv::Error>) {
        let read = row.map_err(TableFault::from).and_then(|record| Row::read(&self.columns, &record));
        match (read, &mut self.open) {
            (Err(fault), _) => {
                self.ended |= matches!(fault, TableFault::Io(_));
                self.close();
                self.ready.push_back(Err(fault));
            }
            (Ok(row), Some((head, lines))) if *head == row.head && lines.event.epcs().count() < EPCS_PER_EVENT_MAX => {
                lines.last = row.line;
                row.add_to(&mut lines.event);
            }
            (Ok(row), _) => {
                self.close();
                self.open = Some(row.begin());
            }
        }
    }

    fn close(&mut self) {
        self.ready.extend(self.open.take().map(|(_, lines)| Ok(lines)));
    }
}

impl<R: BufRead> Iterator for TableReader<R> {
    type Item = Result<Lines, TableFault>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.ended {
            if let Some(row) = self.rows.next() {
                self.take(row);
            } else {
                self.ended = true;
                self.close();
            }
        }
        self.ready.pop_front()
    }
}

/// What separates the columns: the one of three that the first line has most of. Spreadsheets of half of Europe write semicolons.
fn delimiter(start: &[u8]) -> u8 {
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| first.split(|byte| byte == delimiter).count();
    *b"\t;,".iter().max_by_key(|delimiter| count(delimiter)).unwrap_or(&b',')
}

fn columns(header: &csv::StringRecord) -> Result<Vec<Column>, TableFault> {
    let mut columns = Vec::new();
    let fault = |name: &str, fault| TableFault::Cell { line: 1, column: name.chars().take(40).collect(), fault };
    for name in header {
        let name = name.trim_start_matches('\u{feff}');
        let column = Column::parse(name).ok_or_else(|| fault(name, CellFault::ColumnUnknown))?;
        if columns.contains(&column) {
            return Err(fault(name, CellFault::ColumnTwice));
        }
        columns.push(column);
    }
    match Column::REQUIRED.into_iter().find(|column| !columns.contains(column)) {
        Some(missing) => Err(fault(missing.name(), CellFault::ColumnMissing)),
        None => Ok(columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "event,time,item,container,lot,expiry,partner,place";

    fn read(table: &str) -> Vec<Result<Lines, TableFault>> {
        TableReader::new(table.as_bytes()).expect("a header").collect()
    }

    fn fault(row: &str) -> String {
        let mut read = read(&format!("{HEADER}\n{row}\n"));
        assert_eq!(read.len(), 1, "{row}");
        read.remove(0).expect_err(row).to_string()
    }

    #[test]
    fn rows_that_say_the_same_are_one_event() {
        let pack = |serial: u32| format!("(01)09506000134352(21)A{serial}");
        let case = "(00)095060000000000015";
        let made = |serial| format!("commission,2026-11-22T08:00:00Z,{},,L1,2028-02-29,,9506000100012\n", pack(serial));
        let put = |serial| format!("pack,2026-11-22T09:00:00+01:00,{},{case},,,,\n", pack(serial));
        let ship = format!("ship,2026-11-22T10:00:00Z,{case},,,,9506000200019,\n");
        let unpack = format!("unpack,2026-11-22T11:00:00Z,,{case},,,,\n");
        let rows = [made(1), made(2), made(3), put(1), put(2), ship, unpack].concat();
        let table = format!("{HEADER}\n{rows}");
        let events: Vec<Lines> = read(&table).into_iter().map(|read| read.expect("sound")).collect();
        let lines: Vec<_> = events.iter().map(|read| (read.first, read.last)).collect();
        assert_eq!(lines, [(2, 4), (5, 6), (7, 7), (8, 8)]);
        assert_eq!(events[0].event.lot_number(), Some("L1"));
        assert_eq!(events[0].event.epc_list.len(), 3);
        assert_eq!(events[1].event.child_epcs.len(), 2);
        assert_eq!(events[1].event.event_time_zone_offset.as_str(), "+01:00");
        assert_eq!(events[2].event.destination_list[0].id.as_str(), "https://id.gs1.org/414/9506000200019");
        assert!(events[3].event.child_epcs.is_empty());
        for read in &events {
            let json = crate::to_json(&read.event);
            assert_eq!(crate::from_json(&json).expect("a sound event"), read.event);
        }
    }

    #[test]
    fn a_scan_says_lot_and_expiry_and_other_separators_do() {
        let table =
            "\u{feff}Event;Time;Item\ncommission;2026-11-22T08:00:00Z;(01)09506000134352(17)280229(10)L7(21)A1\n";
        let read = read(table).remove(0).expect("sound");
        assert_eq!(read.event.lot_number(), Some("L7"));
        assert_eq!(read.event.item_expiration_date(), Some("2028-02-29"));
    }

    #[test]
    fn a_bad_row_names_line_column_and_remedy() {
        let item = "(01)09506000134352(21)A1";
        for (row, expected) in [
            (format!("make,2026-11-22T08:00:00Z,{item},,L1,2028-02-29,,"), "column event"),
            (format!("commission,yesterday,{item},,L1,2028-02-29,,"), "column time"),
            ("commission,2026-11-22T08:00:00Z,(01)09506000134351(21)A1,,L1,2028-02-29,,".to_owned(), "column item"),
            ("commission,2026-11-22T08:00:00Z,,,L1,2028-02-29,,".to_owned(), "column item"),
            (format!("commission,2026-11-22T08:00:00Z,{item},,,2028-02-29,,"), "column lot"),
            (format!("commission,2026-11-22T08:00:00Z,{item},,L1,29.02.2028,,"), "column expiry"),
            (format!("pack,2026-11-22T08:00:00Z,{item},,,,,"), "column container"),
            (format!("ship,2026-11-22T08:00:00Z,{item},,,,,"), "column partner"),
            (format!("ship,2026-11-22T08:00:00Z,{item},,,,123,"), "column partner"),
            (format!("destroy,2026-11-22T08:00:00Z,{item},,,,,9506000100013"), "column place"),
            (format!("destroy,2026-11-22T08:00:00Z,{item},,,,,,,,x"), "column 11"),
        ] {
            let said = fault(&row);
            assert_eq!(fault(&format!("{row}\r")), said);
            assert!(said.starts_with(&format!("line 2, {expected}: ")), "{row}: {said}");
            assert!(said.contains("; "), "a remedy: {said}");
        }
        // What follows a bad row is read.
        let table = format!("{HEADER}\nx\ndestroy,2026-11-22T08:00:00Z,{item},,,,,\n");
        let read = read(&table);
        assert!(read[0].is_err() && read[1].is_ok());
    }

    #[test]
    fn a_table_without_its_columns_is_refused() {
        for header in ["", "event,time", "event,time,item,colour", "event,time,item,item", "\u{0}\u{1}"] {
            assert!(TableReader::new(header.as_bytes()).is_err(), "{header:?}");
        }
        assert!(TableReader::new(&b"\xff\xfe\x00"[..]).is_err());
    }
}
