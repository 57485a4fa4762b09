//! What happens, before it is written as EPCIS: names are numbers here.

/// Seconds since 1970, UTC.
pub(crate) type Moment = i64;

/// A place, which is also the party that keeps it: its number in [`crate::network::Network::sites`].
pub(crate) type SiteId = usize;

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// A pack: its lot and its number in the lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Pack {
    pub(crate) lot: u32,
    pub(crate) number: u32,
}

/// What an event names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Epc {
    /// A pack that was made.
    Pack(Pack),
    /// A case or a pallet, by its number.
    Container(u64),
    /// What was never made, as the URI that was read.
    Invented(Box<str>),
}

/// What a step says of its things: which event of EPCIS it is and with which words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Commission,
    Packing,
    Unpacking,
    Transform,
    Ship,
    ShipReturn,
    Receive,
    ReceiveReturn,
    Inspect,
    Dispense,
    Undo,
    Recall,
    Destroy,
}

/// The two ends of a handoff and its papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handoff {
    pub(crate) from: SiteId,
    pub(crate) to: SiteId,
    /// Number of order and despatch advice.
    pub(crate) papers: u64,
}

/// What a scan read beside the serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scan {
    /// What is printed on the pack.
    AsPrinted,
    /// Something else.
    Read { lot: Option<Box<str>>, expiry: Box<str> },
}

/// Temperatures on the way, in tenths of a degree Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Temperature {
    pub(crate) since: Moment,
    pub(crate) low: i32,
    pub(crate) high: i32,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Unlike that of any other event; the copy of a doubled event keeps it.
    pub(crate) id: u64,
    pub(crate) step: Step,
    pub(crate) time: Moment,
    /// When the record reached those who keep it.
    pub(crate) recorded: Moment,
    pub(crate) site: SiteId,
    /// Things, children or inputs.
    pub(crate) epcs: Vec<Epc>,
    /// What a transformation made.
    pub(crate) outputs: Vec<Epc>,
    pub(crate) parent: Option<Epc>,
    /// The lot that something begins in or that is recalled.
    pub(crate) lot: Option<u32>,
    pub(crate) handoff: Option<Handoff>,
    pub(crate) scan: Option<Box<Scan>>,
    /// Which terminal of the site asked.
    pub(crate) terminal: u8,
    pub(crate) temperature: Option<Temperature>,
}

impl Event {
    pub(crate) fn new(step: Step, time: Moment, site: SiteId, epcs: Vec<Epc>) -> Self {
        Self {
            id: 0,
            step,
            time,
            recorded: time,
            site,
            epcs,
            outputs: Vec::new(),
            parent: None,
            lot: None,
            handoff: None,
            scan: None,
            terminal: 1,
            temperature: None,
        }
    }

    /// A verification at a counter of what is printed on the pack.
    pub(crate) fn inspect(time: Moment, site: SiteId, terminal: u8, epc: Epc) -> Self {
        Self { scan: Some(Box::new(Scan::AsPrinted)), terminal, ..Self::new(Step::Inspect, time, site, vec![epc]) }
    }
}
