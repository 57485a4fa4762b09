//! A row, and the event that it begins or goes on with.

use veridose_gs1::{Epc, Expiry, Gln, Lot, Sscc, scan};

use super::{CellFault, Column, Lines, TableFault};
use crate::model::{
    Action, CBVMDA_NAMESPACE, Event, EventKind, Fields, Name, Namespace, Party, Place, Term, Timestamp, Uri, Value,
    Vocabulary, ZoneOffset,
};

/// What a row says beside its item. Rows that agree in it are one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    step: Step,
    time: String,
    container: Option<Sscc>,
    lot: Option<String>,
    expiry: Option<String>,
    partner: Option<Gln>,
    place: Option<Gln>,
}

/// A row.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) head: Head,
    item: Option<Uri>,
}

/// The word in the column `event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Commission,
    Pack,
    Unpack,
    Ship,
    Return,
    Receive,
    Destroy,
}

impl Step {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "commission" => Self::Commission,
            "pack" => Self::Pack,
            "unpack" => Self::Unpack,
            "ship" => Self::Ship,
            "return" => Self::Return,
            "receive" => Self::Receive,
            "destroy" => Self::Destroy,
            _ => return None,
        })
    }

    const fn kind(self) -> EventKind {
        match self {
            Self::Pack | Self::Unpack => EventKind::Aggregation,
            Self::Commission | Self::Ship | Self::Return | Self::Receive | Self::Destroy => EventKind::Object,
        }
    }

    /// Action, business step and disposition.
    const fn words(self) -> (Action, &'static str, &'static str) {
        match self {
            Self::Commission => (Action::Add, "commissioning", "active"),
            Self::Pack => (Action::Add, "packing", "in_progress"),
            Self::Unpack => (Action::Delete, "unpacking", "in_progress"),
            Self::Ship => (Action::Observe, "shipping", "in_transit"),
            Self::Return => (Action::Observe, "shipping", "returned"),
            Self::Receive => (Action::Observe, "receiving", "in_progress"),
            Self::Destroy => (Action::Delete, "destroying", "destroyed"),
        }
    }
}

/// The cells of a row.
struct Cells<'a> {
    line: u64,
    columns: &'a [Column],
    record: &'a csv::StringRecord,
}

impl<'a> Cells<'a> {
    /// What stands in a column, if anything.
    fn get(&self, column: Column) -> Option<&'a str> {
        let at = self.columns.iter().position(|other| *other == column)?;
        self.record.get(at).filter(|text| !text.is_empty())
    }

    fn fault(&self, column: Column, fault: CellFault) -> TableFault {
        TableFault::Cell { line: self.line, column: column.name().into(), fault }
    }

    fn needed(&self, column: Column) -> Result<&'a str, TableFault> {
        self.get(column).ok_or_else(|| self.fault(column, CellFault::Empty))
    }

    fn gln(&self, column: Column) -> Result<Option<Gln>, TableFault> {
        let read = |text: &str| Gln::parse(text).map_err(|_| self.fault(column, CellFault::Gln));
        self.get(column).map(read).transpose()
    }

    fn scan(&self, column: Column) -> Result<Option<scan::Scan>, TableFault> {
        let read =
            |text: &str| scan::parse(text).map_err(|diagnosis| self.fault(column, CellFault::Item(diagnosis.message)));
        self.get(column).map(read).transpose()
    }

    /// What the cell says, or the scan where the cell is empty; both must not differ.
    fn agreed(&self, column: Column, cell: Option<String>, scan: Option<String>) -> Result<String, TableFault> {
        match (cell, scan) {
            (Some(cell), Some(scan)) if cell != scan => Err(self.fault(column, CellFault::Differs)),
            (Some(said), _) | (None, Some(said)) => Ok(said),
            (None, None) => Err(self.fault(column, CellFault::Empty)),
        }
    }
}

impl Row {
    pub(super) fn read(columns: &[Column], record: &csv::StringRecord) -> Result<Self, TableFault> {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() > columns.len() && record.iter().skip(columns.len()).any(|cell| !cell.is_empty()) {
            let column = record.len().to_string().into();
            return Err(TableFault::Cell { line, column, fault: CellFault::TooWide });
        }
        let cells = Cells { line, columns, record };
        let step = Step::parse(cells.needed(Column::Event)?)
            .ok_or_else(|| cells.fault(Column::Event, CellFault::UnknownEvent))?;
        let time = cells.needed(Column::Time)?;
        if Timestamp::parse(time).is_err() || offset(time).is_none() {
            return Err(cells.fault(Column::Time, CellFault::Time));
        }
        let scanned = cells.scan(Column::Item)?;
        let item =
            scanned.as_ref().map(|scan| uri(scan).ok_or_else(|| cells.fault(Column::Item, CellFault::NotSerialised)));
        let item = item.transpose()?;
        if item.is_none() && step != Step::Unpack {
            return Err(cells.fault(Column::Item, CellFault::Empty));
        }
        let mut head = Head {
            step,
            time: time.to_owned(),
            container: None,
            lot: None,
            expiry: None,
            partner: None,
            place: cells.gln(Column::Place)?,
        };
        match step {
            Step::Commission => {
                // A container begins without a lot.
                if scanned.as_ref().is_some_and(|scan| scan.sgtin().is_some()) {
                    (head.lot, head.expiry) = begins(&cells, scanned.as_ref())?;
                }
            }
            Step::Pack | Step::Unpack => {
                let scan = cells.scan(Column::Container)?;
                let scan = scan.ok_or_else(|| cells.fault(Column::Container, CellFault::Empty))?;
                let unit = scan.sscc().ok_or_else(|| cells.fault(Column::Container, CellFault::Container))?;
                head.container = Some(unit);
            }
            Step::Ship | Step::Return => {
                let partner = cells.gln(Column::Partner)?;
                head.partner = Some(partner.ok_or_else(|| cells.fault(Column::Partner, CellFault::Empty))?);
            }
            Step::Receive => head.partner = cells.gln(Column::Partner)?,
            Step::Destroy => {}
        }
        Ok(Self { line, head, item })
    }

    /// The event that the row begins.
    pub(super) fn begin(self) -> (Head, Lines) {
        let head = self.head.clone();
        let offset = offset(&head.time).expect("the row was read with it");
        let time = Timestamp::parse(&head.time).expect("the row was read with it");
        let (action, step, disposition) = head.step.words();
        let mut event = Event::new(head.step.kind(), time, offset);
        event.action = Some(action);
        event.biz_step = Some(term(Vocabulary::BizStep, step));
        event.disposition = Some(term(Vocabulary::Disposition, disposition));
        event.read_point = head.place.map(|place| Place { id: place_uri(place), extensions: Fields::default() });
        event.parent_id = head.container.map(|unit| link(&Epc::Sscc(unit)));
        let partner = head
            .partner
            .map(|partner| Party { kind: term(Vocabulary::SourceDestType, "owning_party"), id: place_uri(partner) });
        if head.step == Step::Receive {
            event.source_list.extend(partner);
        } else {
            event.destination_list.extend(partner);
        }
        let vocabulary = Namespace::new("cbvmda", CBVMDA_NAMESPACE);
        for (name, value) in [("lotNumber", &head.lot), ("itemExpirationDate", &head.expiry)] {
            if let Some(value) = value {
                event.ilmd.add(Name::new(Some(vocabulary.clone()), name), Value::Text(value.as_str().into()));
            }
        }
        let line = self.line;
        self.add_to(&mut event);
        (head, Lines { event, first: line, last: line })
    }

    /// Adds the row's item to the event.
    pub(super) fn add_to(self, event: &mut Event) {
        let list = match event.kind {
            EventKind::Aggregation => &mut event.child_epcs,
            EventKind::Object | EventKind::Transaction | EventKind::Transformation | EventKind::Association => {
                &mut event.epc_list
            }
        };
        list.extend(self.item);
    }
}

/// Lot and expiry of what begins.
fn begins(cells: &Cells<'_>, scan: Option<&scan::Scan>) -> Result<(Option<String>, Option<String>), TableFault> {
    let lot = cells
        .get(Column::Lot)
        .map(|text| Lot::parse(text).map(|lot| lot.to_string()).map_err(|_| cells.fault(Column::Lot, CellFault::Lot)));
    let scanned = scan.and_then(scan::Scan::lot).map(|lot| lot.to_string());
    let lot = cells.agreed(Column::Lot, lot.transpose()?, scanned)?;
    let expiry = cells.get(Column::Expiry).map(|text| {
        Expiry::parse(text).map(|day| day.to_string()).map_err(|_| cells.fault(Column::Expiry, CellFault::Expiry))
    });
    // The century that two digits stand for is that of the row's time.
    let year = cells.get(Column::Time).and_then(|time| time.get(..4)?.parse().ok()).unwrap_or(2000);
    let scanned = scan.and_then(|scan| scan.expiry(year)).map(|day| day.to_string());
    let expiry = cells.agreed(Column::Expiry, expiry.transpose()?, scanned)?;
    Ok((Some(lot), Some(expiry)))
}

/// The Digital Link of the pack or container that a scan names.
fn uri(scan: &scan::Scan) -> Option<Uri> {
    match scan.epc()? {
        epc @ (Epc::Sgtin(_) | Epc::Sscc(_)) => Some(link(&epc)),
        Epc::Lgtin(..) | Epc::Gtin(_) | Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_) | Epc::Other(_) => None,
    }
}

fn link(epc: &Epc) -> Uri {
    Uri::parse(&epc.digital_link()).expect("a Digital Link is a URI")
}

fn place_uri(place: Gln) -> Uri {
    Uri::parse(&format!("https://id.gs1.org/414/{place}")).expect("a GLN makes a URI")
}

fn term(vocabulary: Vocabulary, word: &str) -> Term {
    Term::parse(vocabulary, word).expect("the words of this file are of the vocabulary")
}

/// The offset at the end of a time.
fn offset(time: &str) -> Option<ZoneOffset> {
    if time.ends_with(['Z', 'z']) {
        return ZoneOffset::parse("+00:00").ok();
    }
    ZoneOffset::parse(time.get(time.len().checked_sub(6)?..)?).ok()
}
