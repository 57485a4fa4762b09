//! The goods of the day, and the EPCIS file that the manufacturer's packing line wrote about them.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};
use veridose_gs1::{Gtin, Sscc};

/// The product, from the prefix that GS1 keeps for examples.
const GTIN: &str = "09506000134352";
const MAKER: &str = "https://id.gs1.org/414/9506000100012";
const NORTH: &str = "https://id.gs1.org/414/9506000200019";

/// Packs, cases and the pallet.
pub(super) struct Goods {
    day: String,
    now: OffsetDateTime,
    /// Last day of use of the fresh lots.
    pub(super) expiry: Date,
    /// Last day of use of the old lot.
    pub(super) old_expiry: Date,
}

impl Goods {
    pub(super) fn of(now: OffsetDateTime) -> Self {
        Self {
            day: format!("{:X}", now.unix_timestamp()),
            now,
            expiry: now.date() + Duration::days(700),
            old_expiry: now.date() - Duration::days(20),
        }
    }

    /// Number of the fresh lot.
    pub(super) fn lot(&self) -> String {
        format!("A{}", self.day)
    }

    /// Number of the lot that will be recalled.
    pub(super) fn bad_lot(&self) -> String {
        format!("R{}", self.day)
    }

    /// Number of the lot that was made long ago.
    pub(super) fn old_lot(&self) -> String {
        format!("E{}", self.day)
    }

    /// Digital Link of pack `number`.
    pub(super) fn pack(&self, number: u32) -> String {
        format!("https://id.gs1.org/01/{GTIN}/21/{}{number:02}", self.day)
    }

    /// What a scanner reads from pack `number`: the element string in brackets.
    pub(super) fn code(&self, number: u32, lot: &str, expiry: Date) -> String {
        let yymmdd = expiry.format(format_description!("[year repr:last_two][month][day]")).expect("a date has these");
        format!("(01){GTIN}(17){yymmdd}(10){lot}(21){}{number:02}", self.day)
    }

    /// Digital Link of container `number`.
    pub(super) fn container(&self, number: u64) -> String {
        // Extension digit 0, prefix 9506000, then the second of the day and the container.
        let seconds = self.now.unix_timestamp().unsigned_abs() % 10_000_000;
        let digits = format!("09506000{seconds:07}{number:02}");
        format!("https://id.gs1.org/00/{digits}{}", check_digit(&digits))
    }

    /// GTIN of the product.
    pub(super) fn gtin() -> Gtin {
        Gtin::parse(GTIN).expect("written here")
    }

    /// The file: three lots are commissioned, two cases packed, put on a pallet, and shipped with a loose third case.
    pub(super) fn file(&self) -> Value {
        let made = self.now - Duration::hours(3);
        let old = self.now - Duration::days(600);
        let packs = |numbers: std::ops::Range<u32>| numbers.map(|number| self.pack(number)).collect::<Vec<_>>();
        let events = json!([
            commissioning(made, &packs(1..9), &self.lot(), self.expiry),
            commissioning(made, &packs(9..11), &self.bad_lot(), self.expiry),
            commissioning(old, &packs(11..13), &self.old_lot(), self.old_expiry),
            packing(
                made + Duration::minutes(10),
                &self.container(1),
                &[packs(1..5), packs(9..10), packs(11..12)].concat()
            ),
            packing(made + Duration::minutes(20), &self.container(2), &[packs(5..8), packs(10..11)].concat()),
            packing(made + Duration::minutes(25), &self.container(3), &[packs(8..9), packs(12..13)].concat()),
            packing(made + Duration::minutes(30), &self.container(9), &[self.container(1), self.container(2)]),
            shipping(made + Duration::hours(1), &[self.container(9), self.container(3)]),
        ]);
        json!({
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                         {"cbvmda": "urn:epcglobal:cbv:mda"}],
            "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": rfc3339(self.now),
            "epcisBody": {"eventList": events},
        })
    }

    /// The event with which a warehouse reports that it opened a pallet: everything in it is loose.
    pub(super) fn unpacking(&self, place: &str) -> Value {
        json!({
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument", "schemaVersion": "2.0", "creationDate": rfc3339(self.now),
            "epcisBody": {"eventList": [{
                "type": "AggregationEvent", "eventTime": rfc3339(self.now), "eventTimeZoneOffset": "+00:00",
                "parentID": self.container(9), "action": "DELETE", "bizStep": "unpacking", "disposition": "in_progress",
                "readPoint": {"id": place},
            }]},
        })
    }
}

fn commissioning(at: OffsetDateTime, packs: &[String], lot: &str, expiry: Date) -> Value {
    json!({
        "type": "ObjectEvent", "eventTime": rfc3339(at), "eventTimeZoneOffset": "+00:00",
        "epcList": packs, "action": "ADD", "bizStep": "commissioning", "disposition": "active",
        "readPoint": {"id": MAKER}, "bizLocation": {"id": MAKER},
        "ilmd": {"cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": expiry.to_string()},
    })
}

fn packing(at: OffsetDateTime, parent: &str, children: &[String]) -> Value {
    json!({
        "type": "AggregationEvent", "eventTime": rfc3339(at), "eventTimeZoneOffset": "+00:00",
        "parentID": parent, "childEPCs": children, "action": "ADD", "bizStep": "packing", "disposition": "in_progress",
        "readPoint": {"id": MAKER}, "bizLocation": {"id": MAKER},
    })
}

fn shipping(at: OffsetDateTime, items: &[String]) -> Value {
    json!({
        "type": "ObjectEvent", "eventTime": rfc3339(at), "eventTimeZoneOffset": "+00:00",
        "epcList": items, "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
        "readPoint": {"id": MAKER},
        "sourceList": [{"type": "owning_party", "source": MAKER}],
        "destinationList": [{"type": "owning_party", "destination": NORTH}],
    })
}

fn rfc3339(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).expect("zero is in range").format(&Rfc3339).expect("the year has four digits")
}

/// GS1's check digit (General Specifications, section 7.9): the one that makes a valid SSCC.
fn check_digit(digits: &str) -> char {
    ('0'..='9')
        .find(|digit| Sscc::parse(&format!("{digits}{digit}")).is_ok())
        .expect("one of ten digits is the check digit")
}
