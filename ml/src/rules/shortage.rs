//! Shortages of whole products (pattern 15): where shelves are empty, falsified packs find buyers.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::{NONE, Step, flag, number};
use crate::stock::{Account, Accounts};
use crate::to_f64;

use super::code::Kind;
use super::facts::Facts;
use super::finding::cause;
use super::{Code, Finding, date};

/// Fewer places that give out a product say nothing of the product.
const SHELVES_MIN: usize = 4;
/// From this share of empty shelves on a product is short, and below the second it is no longer.
const EMPTY_SHARE: (f64, f64) = (0.5, 0.25);
/// So many days in a row.
const DAYS_MIN: usize = 3;
/// A place that gave out none for so many days deals in it no more.
const ACTIVE_DAYS: usize = 60;
/// How sure another finding has to be for a shortage to make it surer.
const RAISES_FROM: f64 = 0.5;
const PLACES_MAX: usize = 50;
const EVENTS_MAX: usize = 20;

/// Days on which a product was short: from the first to the last, as places of the accounts' days.
#[derive(Debug, PartialEq)]
struct Spell {
    gtin: u64,
    from: usize,
    to: usize,
    /// Places whose shelf was empty on the day on which it could be told.
    empty: Vec<u32>,
    shelves: usize,
}

/// One finding for each shortage by these accounts, and one beside each that accuses somebody of falsifying the product meanwhile.
pub(super) fn check(facts: &Facts<'_>, accounts: &Accounts, findings: &mut Vec<Finding>) {
    let spells = spells(accounts);
    if spells.is_empty() {
        return;
    }
    let last_sales = last_sales(facts, accounts, &spells);
    let mut more: Vec<Finding> =
        spells.iter().zip(last_sales).map(|(spell, events)| tell(facts, accounts, spell, events)).collect();
    let day = |at: i64| usize::try_from(i64::from(super::day(at)) - accounts.first_day).unwrap_or(0);
    let is_grave = |finding: &&Finding| {
        finding.code.entry().kind == Kind::Falsification
            && finding.strength >= RAISES_FROM
            && !finding.things.is_empty()
    };
    let mut seen = BTreeSet::new();
    for finding in findings.iter().filter(is_grave) {
        let gtin = facts.table.things.gtin(finding.things[0]);
        let meanwhile = |spell: &&Spell| spell.gtin == gtin && (spell.from..=spell.to).contains(&day(finding.at));
        let Some(spell) = spells.iter().find(meanwhile) else { continue };
        if seen.insert(finding.things[0]) {
            let text = format!("Meanwhile {}", short(facts, accounts, spell));
            let (things, parties) = (finding.things[..1].to_vec(), finding.parties.clone());
            let events = finding.events.clone();
            let causes = finding.causes.clone();
            more.push(Finding {
                code: Code::ShortageRisk,
                things,
                parties,
                events,
                at: finding.at,
                strength: 0.1,
                causes,
                text,
            });
        }
    }
    findings.append(&mut more);
}

fn spells(accounts: &Accounts) -> Vec<Spell> {
    let of_product = accounts.list.chunk_by(|a, b| a.gtin == b.gtin);
    of_product.filter(|of_product| of_product.len() >= SHELVES_MIN).flat_map(spells_of).collect()
}

fn spells_of(of_product: &[Account]) -> Vec<Spell> {
    let mut found: Vec<Spell> = Vec::new();
    let (mut is_open, mut run) = (false, 0);
    let mut dealt: Vec<Option<usize>> = vec![None; of_product.len()];
    for today in 0..of_product.first().map_or(0, |account| account.days.len()) {
        let mut empty = Vec::new();
        let mut shelves = 0;
        for (account, dealt) in of_product.iter().zip(&mut dealt) {
            let day = account.days[today];
            if day.dispensed > 0 {
                *dealt = Some(today);
            }
            if dealt.is_some_and(|last| today - last <= ACTIVE_DAYS) {
                shelves += 1;
                if day.on_hand == 0 {
                    empty.push(account.place);
                }
            }
        }
        let share = if shelves < SHELVES_MIN { 0.0 } else { to_f64(empty.len()) / to_f64(shelves) };
        run = if share >= EMPTY_SHARE.0 { run + 1 } else { 0 };
        if is_open && share >= EMPTY_SHARE.1 {
            if let Some(spell) = found.last_mut() {
                spell.to = today;
            }
        } else if run >= DAYS_MIN {
            is_open = true;
            found.push(Spell { gtin: of_product[0].gtin, from: today, to: today, empty, shelves });
        } else {
            is_open = false;
        }
    }
    found
}

fn short(facts: &Facts<'_>, accounts: &Accounts, spell: &Spell) -> String {
    let of = |day: usize| date(i32::try_from(accounts.first_day).unwrap_or(0) + i32::try_from(day).unwrap_or(0));
    let first = spell.empty.first().map_or_else(String::new, |place| format!(", {} among them", facts.called(*place)));
    format!(
        "product {:014} was short from {} to {}: {} of {} shelves were empty{first}.",
        spell.gtin,
        of(spell.from),
        of(spell.to),
        spell.empty.len(),
        spell.shelves
    )
}

/// For each shortage the last sale at each of its empty shelves.
fn last_sales(facts: &Facts<'_>, accounts: &Accounts, spells: &[Spell]) -> Vec<Vec<u32>> {
    let table = facts.table;
    let mut wanted: BTreeMap<(u64, u32), Vec<usize>> = BTreeMap::new();
    for (at, spell) in spells.iter().enumerate() {
        for place in spell.empty.iter().take(EVENTS_MAX) {
            wanted.entry((spell.gtin, *place)).or_default().push(at);
        }
    }
    let mut last: Vec<BTreeMap<u32, u32>> = vec![BTreeMap::new(); spells.len()];
    for (event, row) in table.rows.iter().enumerate() {
        if row.step != Step::Dispensing || row.place == NONE || row.is(flag::RETRACTED | flag::DECLARATION) {
            continue;
        }
        let Some(thing) = table.named(row).first() else { continue };
        for at in wanted.get(&(table.things.gtin(*thing), row.place)).into_iter().flatten() {
            let is_before =
                i64::from(super::day(row.time)) <= accounts.first_day + i64::try_from(spells[*at].from).unwrap_or(0);
            let held = last[*at].get(&row.place).map(|event| &table.rows[*event as usize]);
            let is_later = held.is_none_or(|held| (held.time, held.fingerprint) < (row.time, row.fingerprint));
            if is_before && is_later {
                last[*at].insert(row.place, number(event));
            }
        }
    }
    let in_order = |events: BTreeMap<u32, u32>| {
        let mut events: Vec<u32> = events.into_values().collect();
        events.sort_by_key(|event| (table.rows[*event as usize].time, table.rows[*event as usize].fingerprint));
        events
    };
    last.into_iter().map(in_order).collect()
}

fn tell(facts: &Facts<'_>, accounts: &Accounts, spell: &Spell, events: Vec<u32>) -> Finding {
    const DAY_MS: i64 = 86_400_000;
    let mut text = short(facts, accounts, spell);
    text.replace_range(..1, "P");
    let mut parties: Vec<u32> = spell.empty.iter().map(|place| facts.party(*place)).take(PLACES_MAX).collect();
    parties.dedup();
    Finding {
        code: Code::ShortageRisk,
        things: facts.table.things.find_product(spell.gtin).into_iter().collect(),
        parties,
        events,
        at: (accounts.first_day + i64::try_from(spell.from).unwrap_or(0) + 1) * DAY_MS,
        strength: 0.3,
        causes: vec![cause("shortage", &[&spell.gtin.to_string(), &spell.from.to_string()])],
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::Day;

    fn accounts(on_hand: &[[u32; 8]]) -> Accounts {
        let day = |on_hand: &u32| Day { on_hand: *on_hand, dispensed: 1, ..Day::default() };
        let account = |(place, days): (usize, &[u32; 8])| Account {
            gtin: 7,
            place: number(place),
            supplier: NONE,
            deliveries: Vec::new(),
            packs: Vec::new(),
            days: days.iter().map(day).collect(),
        };
        Accounts { first_day: 20_000, list: on_hand.iter().enumerate().map(account).collect(), ..Accounts::default() }
    }

    #[test]
    fn a_product_is_short_while_most_shelves_stay_empty() {
        let short =
            [[2, 0, 0, 0, 0, 0, 3, 3], [2, 0, 0, 0, 0, 3, 3, 3], [2, 2, 2, 2, 2, 2, 2, 2], [2, 2, 2, 2, 2, 2, 2, 2]];
        let spell = Spell { gtin: 7, from: 3, to: 5, empty: vec![0, 1], shelves: 4 };
        assert_eq!(spells(&accounts(&short)), [spell]);
        // One shelf of four, two days, or two shelves in all: no shortage.
        assert_eq!(spells(&accounts(&[short[0], short[2], short[2], short[2]])), []);
        let brief = [2, 0, 0, 3, 0, 0, 3, 3];
        assert_eq!(spells(&accounts(&[brief, brief, short[2], short[3]])), []);
        assert_eq!(spells(&accounts(&short[..2])), []);
    }
}
