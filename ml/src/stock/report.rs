//! Stock and outlook of every product at every place that gives it out, from events alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::{Account, Accounts, Day};
use super::outlook::{Order, Outlook, Settings, StockError, outlook};
use crate::events::{EventTable, NONE};
use crate::history::Histories;
use crate::rules::{Facts, date, distance_km};
use crate::to_f64;

/// Within what distance another place's stock is within reach.
pub const REACH_KM: f64 = 200.0;
/// Other holders that are told of one position, the nearest ones.
const HOLDERS_MAX: usize = 10;
/// Days over which the demand of a day is averaged.
const DEMAND_DAYS: usize = 28;
/// Days that are told of a position's past, at most.
const PAST_DAYS: usize = 182;

/// Stock and outlook of one product at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The product, 14 digits.
    pub gtin: String,
    /// The place, as its events name it.
    pub place: String,
    /// Who sent the last goods, as events name it.
    pub supplier: Option<String>,
    /// Packs on the shelf.
    pub on_hand: u32,
    /// Of these, packs that pass their expiry before they are given out at the demand of late.
    pub expiring: usize,
    /// Packs on the way.
    pub incoming: u32,
    /// Packs given out a day, mean of the last 28 days.
    pub demand_a_day: f64,
    /// Probability that the shelf was empty at the end of a day, by the first day ahead, the second and so on.
    pub empty_by: Vec<f64>,
    /// Draft order in packs, beyond what is on hand and on the way, that is enough in half of the courses.
    pub order: u32,
    /// Enough in one of ten, and in nine of ten.
    pub order_tenths: (u32, u32),
    /// Who else has the product within reach, the nearest first.
    pub elsewhere: Vec<Holder>,
    /// The days up to the last one, half a year at most. They are not part of the report as it is written.
    #[serde(skip)]
    pub days: Vec<Day>,
}

impl Position {
    /// Probability that the shelf is empty at the end of some day ahead.
    pub fn risk(&self) -> f64 {
        self.empty_by.last().copied().unwrap_or(0.0)
    }
}

/// Another place that has the product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// The place.
    pub place: String,
    /// How far; nothing where a position is not known.
    pub distance_km: Option<f64>,
    /// Whether it supplies others, as a wholesaler's depot does.
    pub is_depot: bool,
    /// Packs that it has.
    pub on_hand: u32,
    /// Of these, packs that would expire there before they are given out: the first to be asked for.
    pub expiring: usize,
    /// Probability that its own shelf runs empty within the horizon; nobody tells it of a depot.
    pub risk: Option<f64>,
}

/// How probable a shortage of a whole product is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductRisk {
    /// The product, 14 digits.
    pub gtin: String,
    /// Places that give it out.
    pub places: usize,
    /// Of these, places whose shelf is empty now.
    pub empty: usize,
    /// Packs on all shelves.
    pub on_hand: u64,
    /// Packs given out a day at all places.
    pub demand_a_day: f64,
    /// Probability that half of the shelves or more run empty within the horizon, if they did so independently of each other.
    pub shortage_risk: f64,
}

/// All positions and products.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The last day with events; nothing without events.
    pub today: Option<String>,
    /// Days ahead.
    pub horizon: usize,
    /// The positions, the greatest risk first.
    pub positions: Vec<Position>,
    /// The products, the greatest risk first.
    pub products: Vec<ProductRisk>,
}

/// Looks ahead from the last day of the events. The same events and settings give the same report.
pub fn report(table: &EventTable, settings: &Settings) -> Result<Report, StockError> {
    let accounts = Accounts::of(table);
    let Some(today) = accounts.list.first().and_then(|account| account.days.len().checked_sub(1)) else {
        outlook(&accounts, 0, settings)?;
        return Ok(Report { horizon: settings.horizon, ..Report::default() });
    };
    let outlooks = outlook(&accounts, today, settings)?;
    let day = i32::try_from(accounts.first_day).unwrap_or(i32::MAX).saturating_add(i32::try_from(today).unwrap_or(0));
    let histories = Histories::new(table);
    let facts = Facts::new(table, &histories);
    let mut shelves: BTreeMap<u64, Vec<Shelf<'_>>> = BTreeMap::new();
    let mut depots: BTreeMap<u64, Vec<Shelf<'_>>> = BTreeMap::new();
    for (account, outlook) in accounts.list.iter().zip(&outlooks) {
        shelves.entry(account.gtin).or_default().push(Shelf::of(&facts, account, Some(outlook), day));
    }
    for account in &accounts.suppliers {
        depots.entry(account.gtin).or_default().push(Shelf::of(&facts, account, None, day));
    }
    let positions_of = |(gtin, all): (&u64, &Vec<Shelf<'_>>)| {
        let depots = depots.get(gtin).map_or(&[][..], Vec::as_slice);
        all.iter().map(|shelf| shelf.position(&facts, all, depots)).collect::<Vec<_>>()
    };
    let mut positions: Vec<Position> = shelves.iter().flat_map(positions_of).collect();
    positions.sort_by(|a, b| b.risk().total_cmp(&a.risk()).then_with(|| (&a.gtin, &a.place).cmp(&(&b.gtin, &b.place))));
    let mut products: Vec<ProductRisk> = shelves.iter().map(|(gtin, all)| product(*gtin, all)).collect();
    products.sort_by(|a, b| b.shortage_risk.total_cmp(&a.shortage_risk).then_with(|| a.gtin.cmp(&b.gtin)));
    Ok(Report { today: Some(date(day)), horizon: settings.horizon, positions, products })
}

/// One account as it stands on the last day.
struct Shelf<'a> {
    account: &'a Account,
    /// None of a depot.
    outlook: Option<&'a Outlook>,
    on_hand: u32,
    incoming: u32,
    demand: f64,
    expiring: usize,
}

impl<'a> Shelf<'a> {
    fn of(facts: &Facts<'_>, account: &'a Account, outlook: Option<&'a Outlook>, today: i32) -> Self {
        let recent = &account.days[account.days.len().saturating_sub(DEMAND_DAYS)..];
        let given: u32 = recent.iter().map(|day| day.dispensed).sum();
        let demand = f64::from(given) / to_f64(recent.len().max(1));
        let last = account.days.last().copied().unwrap_or_default();
        let expiring = expiring(facts, &account.packs, demand, today);
        Self { account, outlook, on_hand: last.on_hand, incoming: last.incoming, demand, expiring }
    }

    fn risk(&self) -> Option<f64> {
        self.outlook.map(|outlook| outlook.empty_by.last().copied().unwrap_or(0.0))
    }

    fn position(&self, facts: &Facts<'_>, all: &[Self], depots: &[Self]) -> Position {
        let name = |place: u32| facts.table.places.text(place).to_owned();
        let order = self.outlook.map_or(Order { median: 0, tenths: (0, 0) }, |outlook| outlook.order);
        let supplier = Some(self.account.supplier).filter(|supplier| *supplier != NONE).map(name);
        Position {
            gtin: format!("{:014}", self.account.gtin),
            place: name(self.account.place),
            supplier,
            on_hand: self.on_hand,
            expiring: self.expiring,
            incoming: self.incoming,
            demand_a_day: self.demand,
            empty_by: self.outlook.map(|outlook| outlook.empty_by.clone()).unwrap_or_default(),
            order: order.median,
            order_tenths: order.tenths,
            elsewhere: self.elsewhere(facts, all.iter().chain(depots)),
            days: self.account.days[self.account.days.len().saturating_sub(PAST_DAYS)..].to_vec(),
        }
    }

    /// The nearest others with stock. A place whose position nobody knows stands behind those that are known to be near.
    fn elsewhere<'b>(&'b self, facts: &Facts<'_>, all: impl Iterator<Item = &'b Self>) -> Vec<Holder> {
        let here = facts.position(self.account.place);
        let others = all.filter(|other| other.account.place != self.account.place && other.on_hand > 0);
        let mut near: Vec<(Option<f64>, &Self)> = others
            .map(|other| (here.zip(facts.position(other.account.place)).map(|(a, b)| distance_km(a, b)), other))
            .filter(|(distance, _)| distance.is_none_or(|distance| distance <= REACH_KM))
            .collect();
        near.sort_by(|(a, one), (b, two)| {
            let order = a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY));
            order.then(two.on_hand.cmp(&one.on_hand)).then(one.account.place.cmp(&two.account.place))
        });
        near.truncate(HOLDERS_MAX);
        let holder = |(distance_km, other): (Option<f64>, &Self)| Holder {
            place: facts.table.places.text(other.account.place).to_owned(),
            distance_km,
            is_depot: other.outlook.is_none(),
            on_hand: other.on_hand,
            expiring: other.expiring,
            risk: other.risk(),
        };
        near.into_iter().map(holder).collect()
    }
}

/// Packs that pass their expiry on the shelf, if those that expire first are given out first at this rate. Packs whose
/// expiry nobody told count as lasting.
fn expiring(facts: &Facts<'_>, packs: &[u32], demand: f64, today: i32) -> usize {
    let mut left: Vec<i32> =
        packs.iter().filter_map(|pack| facts.expiry(*pack)).map(|expiry| expiry.saturating_sub(today)).collect();
    left.sort_unstable();
    let mut given = 0_usize;
    let mut lost = 0;
    for days in left {
        // The pack is given out once all before it are.
        if to_f64(given) + 1.0 > f64::from(days.max(0)) * demand {
            lost += 1;
        } else {
            given += 1;
        }
    }
    lost
}

fn product(gtin: u64, shelves: &[Shelf<'_>]) -> ProductRisk {
    let risks: Vec<f64> = shelves.iter().filter_map(Shelf::risk).collect();
    ProductRisk {
        gtin: format!("{gtin:014}"),
        places: shelves.len(),
        empty: shelves.iter().filter(|shelf| shelf.on_hand == 0).count(),
        on_hand: shelves.iter().map(|shelf| u64::from(shelf.on_hand)).sum(),
        demand_a_day: shelves.iter().map(|shelf| shelf.demand).sum(),
        shortage_risk: at_least(&risks, risks.len().div_ceil(2)),
    }
}

/// Probability that so many or more of independent events happen.
fn at_least(chances: &[f64], wanted: usize) -> f64 {
    // The last place holds all counts from `wanted` on.
    let mut counts = vec![0.0; wanted + 1];
    counts[0] = 1.0;
    for chance in chances {
        for count in (0..=wanted).rev() {
            let came = if count > 0 { counts[count - 1] * chance } else { 0.0 };
            let stays = if count == wanted { counts[count] } else { counts[count] * (1.0 - chance) };
            counts[count] = stays + came;
        }
    }
    counts[wanted].clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_independent_events() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(at_least(&[0.5, 0.5], 1), 0.75);
        close(at_least(&[0.5, 0.5], 2), 0.25);
        close(at_least(&[0.1, 0.2, 0.3], 2), 0.1 * 0.2 + 0.1 * 0.3 + 0.2 * 0.3 - 2.0 * 0.1 * 0.2 * 0.3);
        close(at_least(&[1.0; 5], 3), 1.0);
        close(at_least(&[], 0), 1.0);
    }
}
