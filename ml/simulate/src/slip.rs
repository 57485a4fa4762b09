//! Slips at the counter: a scan that went wrong, before the one that went right.

use time::Date;

use crate::chance::{Chance, Stream};
use crate::event::{Epc, Event, Pack, Scan, Step};
use crate::name::Names;
use crate::network::Role;
use crate::pattern::Slip;
use crate::truth::Truth;

/// Share of scans at pharmacies that begin with a slip.
const SLIPS: f64 = 0.002;
/// Events of slips are numbered from here on.
pub(crate) const IDS: u64 = 1 << 60;

pub(crate) struct Slips {
    chance: Chance,
    probability: f64,
    ids: u64,
}

impl Slips {
    pub(crate) fn new(seed: u64, noise: f64) -> Self {
        Self { chance: Chance::new(seed, Stream::Slips), probability: SLIPS * noise, ids: IDS }
    }

    /// Adds the wrong scans of a day.
    pub(crate) fn lay(&mut self, events: &mut Vec<Event>, names: &Names<'_>) -> Vec<Truth> {
        let (mut added, mut truths) = (Vec::new(), Vec::new());
        for event in events.iter() {
            let [Epc::Pack(pack)] = *event.epcs else { continue };
            let at_counter = event.step == Step::Inspect && names.network.sites[event.site].role == Role::Pharmacy;
            if !at_counter || !self.chance.happens(self.probability) {
                continue;
            }
            let kinds = &Slip::ALL[..5];
            let kind = *self.chance.pick(kinds).expect("there are slips");
            let Some((epc, scan)) = self.scanned(kind, pack, names) else { continue };
            let copies = if kind == Slip::RepeatedScan { self.chance.count(2, 5) } else { 1 };
            let wrong: Vec<Event> = (0..copies).map(|_| self.event(event, &epc, &scan)).collect();
            truths.push(Truth::new(kind.name(), vec![names.uri(&epc)], Some(names.lot(pack.lot)), &wrong, names));
            added.extend(wrong);
        }
        events.append(&mut added);
        truths
    }

    fn event(&mut self, right: &Event, epc: &Epc, scan: &Scan) -> Event {
        self.ids += 1;
        let time = right.time - self.chance.between(10, 240);
        let mut event = Event::inspect(time, right.site, right.terminal, epc.clone());
        event.id = self.ids;
        event.recorded = time + self.chance.between(1, 30);
        event.scan = Some(Box::new(scan.clone()));
        event
    }

    /// What the scanner made of the code; nothing where the slip leaves the code as it is.
    fn scanned(&mut self, kind: Slip, pack: Pack, names: &Names<'_>) -> Option<(Epc, Scan)> {
        let (serial, lot, expiry) = (names.serial(pack), names.lot(pack.lot), names.expiry(pack.lot));
        let product = names.lots[pack.lot as usize].product;
        let invented = |text: &str| Epc::Invented(names.sgtin(product, text).into());
        let read = |lot: String, expiry: String| Scan::Read { lot: Some(lot.into()), expiry: expiry.into() };
        match kind {
            Slip::CapsLock => {
                let typed = serial.to_lowercase();
                (typed != serial).then(|| (invented(&typed), read(lot.to_lowercase(), expiry.to_string())))
            }
            Slip::KeyboardLayout => {
                let typed = y_for_z(&serial);
                (typed != serial).then(|| (invented(&typed), read(y_for_z(&lot), expiry.to_string())))
            }
            Slip::DayZero => {
                let last = expiry.day() == expiry.month().length(expiry.year());
                last.then(|| (Epc::Pack(pack), read(lot, day_zero(expiry, self.chance.happens(0.5)))))
            }
            Slip::LostSeparator => {
                let scan = Scan::Read { lot: None, expiry: expiry.to_string().into() };
                Some((invented(&format!("{serial}10{lot}")), scan))
            }
            Slip::RepeatedScan => Some((Epc::Pack(pack), Scan::AsPrinted)),
            Slip::LateUpload => None,
        }
    }
}

fn y_for_z(text: &str) -> String {
    let swap = |letter| match letter {
        'Y' => 'Z',
        'Z' => 'Y',
        other => other,
    };
    text.chars().map(swap).collect()
}

/// What software makes of day 00 that does not know it: the text as it stands, or the first of the month.
fn day_zero(expiry: Date, as_text: bool) -> String {
    format!("{:04}-{:02}-{}", expiry.year(), u8::from(expiry.month()), if as_text { "00" } else { "01" })
}
