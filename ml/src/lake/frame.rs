//! Events as a data frame and back. Names stand as received; several things of an event stand in one text, parted by
//! blanks, which no URI has.

use polars::prelude::{Column, DataFrame, NamedFrom as _, PolarsError, PolarsResult, Series};

use crate::events::{Disposition, EventTable, NONE, NamesOfRow, Row, Step, flag};

/// The columns of texts, in their order.
const TEXTS: [&str; 12] = [
    "parent",
    "things",
    "place",
    "source",
    "destination",
    "client",
    "lot",
    "transaction",
    "document",
    "id",
    "step",
    "disposition",
];

/// The frame of these events, in this order.
pub(super) fn of(table: &EventTable, events: &[u32]) -> PolarsResult<DataFrame> {
    let rows = || events.iter().map(|event| &table.rows[*event as usize]);
    let texts = |of: &dyn Fn(u32) -> String| -> Series {
        Series::new("".into(), events.iter().map(|event| of(*event)).collect::<Vec<String>>())
    };
    let row = |event: u32| &table.rows[event as usize];
    let mut columns = vec![
        Column::new("time".into(), rows().map(|row| row.time).collect::<Vec<i64>>()),
        Column::new("recorded".into(), rows().map(|row| row.recorded).collect::<Vec<i64>>()),
        Column::new("fingerprint".into(), rows().map(|row| row.fingerprint).collect::<Vec<u64>>()),
        Column::new("expiry".into(), rows().map(|row| row.expiry).collect::<Vec<i32>>()),
        Column::new("index".into(), events.iter().map(|event| table.source(*event).index).collect::<Vec<u32>>()),
        Column::new("flags".into(), rows().map(|row| u32::from(row.flags & !flag::RETRACTED)).collect::<Vec<u32>>()),
    ];
    let places = &table.places;
    let named: [Series; 12] = [
        texts(&|event| table.things.text(row(event).parent).to_owned()),
        texts(&|event| {
            table.named(row(event)).iter().map(|thing| table.things.text(*thing)).collect::<Vec<_>>().join(" ")
        }),
        texts(&|event| places.text(row(event).place).to_owned()),
        texts(&|event| places.text(row(event).source).to_owned()),
        texts(&|event| places.text(row(event).destination).to_owned()),
        texts(&|event| places.text(row(event).client).to_owned()),
        texts(&|event| table.texts.text(row(event).lot).to_owned()),
        texts(&|event| table.texts.text(row(event).transaction).to_owned()),
        texts(&|event| table.texts.text(table.source(event).document).to_owned()),
        texts(&|event| table.id(event).to_owned()),
        texts(&|event| row(event).step.name().to_owned()),
        texts(&|event| row(event).disposition.name().to_owned()),
    ];
    columns.extend(TEXTS.iter().zip(named).map(|(name, series)| series.with_name((*name).into()).into()));
    columns.push(quantities(table, events).with_name("quantities".into()).into());
    DataFrame::new(events.len(), columns)
}

/// Amounts as `count class`, parted by blanks.
fn quantities(table: &EventTable, events: &[u32]) -> Series {
    let of = |event: u32| {
        let from = table.quantities.partition_point(|(of, _, _)| *of < event);
        let list = table.quantities[from..].iter().take_while(|(of, _, _)| *of == event);
        list.map(|(_, class, count)| format!("{count} {}", table.things.text(*class))).collect::<Vec<_>>().join(" ")
    };
    Series::new("".into(), events.iter().map(|event| of(*event)).collect::<Vec<String>>())
}

/// The events of a frame.
pub(super) fn table(frame: &DataFrame) -> PolarsResult<EventTable> {
    // In one piece each, so that a text is found by its place alone.
    let text = |name: &str| PolarsResult::Ok(frame.column(name)?.str()?.rechunk());
    let mut texts = Vec::with_capacity(TEXTS.len());
    for name in TEXTS {
        texts.push(text(name)?);
    }
    let texts: Vec<_> = texts.iter().map(|texts| texts.downcast_as_array()).collect();
    let quantities = text("quantities")?;
    let quantities = quantities.downcast_as_array();
    let times = frame.column("time")?.i64()?.iter();
    let recorded = frame.column("recorded")?.i64()?.iter();
    let fingerprints = frame.column("fingerprint")?.u64()?.iter();
    let expiries = frame.column("expiry")?.i32()?.iter();
    let indices = frame.column("index")?.u32()?.iter();
    let flags = frame.column("flags")?.u32()?.iter();
    let mut table = EventTable::default();
    table.reserve(frame.height());
    let numbers = times.zip(recorded).zip(fingerprints).zip(expiries).zip(indices).zip(flags);
    for (at, (((((time, recorded), fingerprint), expiry), index), flags)) in numbers.enumerate() {
        let missing = || PolarsError::ComputeError("a value is missing".into());
        let mut names: [&str; 12] = [""; 12];
        for (name, texts) in names.iter_mut().zip(&texts) {
            *name = texts.get(at).unwrap_or("");
        }
        let [parent, things, place, source, destination, client, lot, transaction, document, id, step, disposition] =
            names;
        let row = Row {
            time: time.ok_or_else(missing)?,
            recorded: recorded.ok_or_else(missing)?,
            fingerprint: fingerprint.ok_or_else(missing)?,
            first_thing: 0,
            things: 0,
            parent: NONE,
            place: NONE,
            source: NONE,
            destination: NONE,
            client: NONE,
            lot: NONE,
            expiry: expiry.ok_or_else(missing)?,
            transaction: NONE,
            step: Step::named(step).ok_or_else(missing)?,
            disposition: Disposition::named(disposition).ok_or_else(missing)?,
            flags: u8::try_from(flags.ok_or_else(missing)?).map_err(|_| missing())?,
        };
        let names = NamesOfRow { parent, things, place, source, destination, client, lot, transaction, document, id };
        let event = table.push_named(row, index.ok_or_else(missing)?, &names);
        let mut amounts = quantities.get(at).unwrap_or("").split_ascii_whitespace();
        while let (Some(count), Some(class)) = (amounts.next(), amounts.next()) {
            let count: f64 = count.parse().map_err(|_| missing())?;
            table.push_quantity(event, class, count);
        }
    }
    Ok(table)
}
