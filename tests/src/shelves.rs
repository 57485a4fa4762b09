//! Two pharmacies with a hundred days of trade behind them, so that there is something to foresee.

use anyhow::ensure;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::client::{Client, JSON_LD};
use crate::factory::now;
use crate::goods::document;

/// Days of trade.
const DAYS: usize = 100;
/// Days from one delivery to the next.
const WEEK: usize = 7;
const MAKER: &str = "https://id.gs1.org/414/9506000100012";
/// Harbour Pharmacy and Station Pharmacy.
pub const PHARMACIES: [&str; 2] = ["https://id.gs1.org/414/9506000400013", "https://id.gs1.org/414/9506000500010"];
/// By product: packs that are asked for on a usual day, and packs that are left at each pharmacy.
const GOODS: [(usize, [usize; 2]); 6] =
    [(4, [9, 160]), (2, [40, 3]), (1, [0, 25]), (3, [90, 60]), (1, [300, 20]), (2, [28, 28])];

/// What the products are called, and where the pharmacies lie.
const NAMES: [&str; 6] =
    ["Alpamox 500 mg", "Nordipin 5 mg", "Seraline drops", "Valdoral 20 mg", "Insulara pen", "Brunova spray"];
const POSITIONS: [[&str; 2]; 2] = [["48.2082", "16.3738"], ["48.3069", "14.2858"]];

/// The number of a product.
pub fn product(number: usize) -> String {
    let digits: Vec<u32> = format!("095060001{number:04}").chars().filter_map(|digit| digit.to_digit(10)).collect();
    let sum: u32 = digits.iter().enumerate().map(|(at, digit)| if at % 2 == 0 { digit * 3 } else { *digit }).sum();
    let text: String = digits.iter().map(ToString::to_string).collect();
    format!("{text}{}", (10 - sum % 10) % 10)
}

/// Packs of a product that a pharmacy gives out on a day: fewer at the week's end, and now and then some more.
const fn demand(product: usize, pharmacy: usize, day: usize) -> usize {
    let usual = GOODS[product].0;
    let wave = (day * 5 + product * 3 + pharmacy * 2) % 4;
    let is_closed = day % WEEK == 6;
    if is_closed { 0 } else { (usual + wave).saturating_sub(1) / (1 + wave % 2) }
}

/// Fills them by documents of the maker and of the two pharmacies. The trade ends yesterday.
pub async fn fill_shelves(maker: &Client, pharmacies: [&Client; 2]) -> anyhow::Result<()> {
    let mut made = Vec::new();
    let mut received = [Vec::new(), Vec::new()];
    for number in 0..GOODS.len() {
        for (pharmacy, received) in received.iter_mut().enumerate() {
            let books = Books::of(number, pharmacy);
            made.extend(books.made);
            received.extend(books.received);
        }
    }
    made.sort_by_key(|event| event["eventTime"].to_string());
    capture(maker, &made, Some(&master_data())).await?;
    for (client, mut events) in pharmacies.into_iter().zip(received) {
        events.sort_by_key(|event| event["eventTime"].to_string());
        capture(client, &events, None).await?;
    }
    Ok(())
}

async fn capture(client: &Client, events: &[Value], header: Option<&Value>) -> anyhow::Result<()> {
    let mut said = document(events);
    if let Some(header) = header {
        said["epcisHeader"] = header.clone();
    }
    let job = client.capture(JSON_LD, "rollback", said.to_string()).await?;
    ensure!(job["success"] == true, "{job}");
    Ok(())
}

/// Names of the products and positions of the pharmacies, as CBV writes them.
fn master_data() -> Value {
    let attribute =
        |name: &str, value: &str| json!({"id": format!("urn:epcglobal:cbv:mda#{name}"), "attribute": value});
    let class = |(number, name): (usize, &&str)| {
        let id = format!("https://id.gs1.org/01/{}", product(number));
        json!({"id": id, "attributes": [attribute("regulatedProductName", name)]})
    };
    let location = |(place, [latitude, longitude]): (&&str, &[&str; 2])| {
        let attributes =
            [attribute("countryCode", "AT"), attribute("latitude", latitude), attribute("longitude", longitude)];
        json!({"id": place, "attributes": attributes})
    };
    let classes: Vec<Value> = NAMES.iter().enumerate().map(class).collect();
    let locations: Vec<Value> = PHARMACIES.iter().zip(&POSITIONS).map(location).collect();
    json!({"epcisMasterData": {"vocabularyList": [
        {"type": "urn:epcglobal:epcis:vtype:EPCClass", "vocabularyElementList": classes},
        {"type": "urn:epcglobal:epcis:vtype:Location", "vocabularyElementList": locations},
    ]}})
}

/// What happened to one product for one pharmacy.
struct Books {
    made: Vec<Value>,
    received: Vec<Value>,
}

impl Books {
    fn of(number: usize, pharmacy: usize) -> Self {
        let (gtin, place) = (product(number), PHARMACIES[pharmacy]);
        let demand: Vec<usize> = (0..DAYS).map(|day| demand(number, pharmacy, day)).collect();
        let all: usize = demand.iter().sum::<usize>() + GOODS[number].1[pharmacy];
        let event = |day: usize, hour: i64, step: &str, at: &str, packs: std::ops::Range<usize>| {
            let link = |pack| format!("https://id.gs1.org/01/{gtin}/21/P{pharmacy}N{pack}");
            event(day, hour, step, at, &packs.map(link).collect::<Vec<_>>())
        };
        let mut begun = event(0, 6, "commissioning", MAKER, 0..all);
        let lot = format!("P{pharmacy}");
        // One lot is soon past its date.
        let expiry = if number == 4 { date(DAYS + 20) } else { "2049-12-31".to_owned() };
        begun["ilmd"] = json!({"cbvmda:lotNumber": lot, "cbvmda:itemExpirationDate": expiry});
        let mut books = Self { made: vec![begun], received: Vec::new() };
        let (mut came, mut gone) = (0, 0);
        for (day, packs) in demand.iter().copied().enumerate() {
            if day % WEEK == 0 {
                // The last delivery brings what is to be left.
                let until =
                    if day + WEEK >= DAYS { all } else { gone + demand[day..].iter().take(2 * WEEK).sum::<usize>() };
                let until = until.min(all);
                if until > came {
                    let mut shipped = event(day, 8, "shipping", MAKER, came..until);
                    shipped["destinationList"] = json!([{"type": "owning_party", "destination": place}]);
                    books.made.push(shipped);
                    books.received.push(event(day, 11, "receiving", place, came..until));
                    came = until;
                }
            }
            if packs > 0 {
                books.received.push(event(day, 16, "dispensing", place, gone..gone + packs));
                gone += packs;
            }
        }
        books
    }
}

fn event(day: usize, hour: i64, step: &str, place: &str, packs: &[String]) -> Value {
    let action = match step {
        "commissioning" => "ADD",
        "dispensing" => "DELETE",
        _ => "OBSERVE",
    };
    let at = (midnight(day) + Duration::hours(hour)).format(&Rfc3339).expect("a time of this century");
    json!({
        "type": "ObjectEvent", "eventTime": at, "eventTimeZoneOffset": "+00:00",
        "epcList": packs, "action": action, "bizStep": step, "readPoint": {"id": place},
    })
}

fn midnight(day: usize) -> OffsetDateTime {
    let today =
        OffsetDateTime::from_unix_timestamp(now().0 / 1_000).expect("a moment of this century").date().midnight();
    let days = i64::try_from(day).expect("few") - i64::try_from(DAYS).expect("few");
    today.assume_utc() + Duration::days(days)
}

fn date(day: usize) -> String {
    midnight(day).date().to_string()
}
