//! The way of a pack that a case names: what the ledger says of it, and the scans that stand on no ledger, in the order of time.

use std::collections::BTreeMap;

use actix_web::web;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_contract::{PartyId, Timestamp};
use veridose_ml::cases::Proof;
use veridose_ml::rules::distance_km;

use super::ranked::Evidence;
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::Problem;
use crate::routes::items::item;
use crate::routes::lists::viewer;
use crate::routes::packs::{Happening, history_of};
use crate::routes::write::millis;
use crate::trade::record;
use crate::watch::places::{Place, described};

/// A stop on a pack's way.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) at: Timestamp,
    /// A step of the Core Business Vocabulary, or a command's own word.
    pub(crate) step: String,
    /// Who acted, where the ledger says it.
    pub(crate) party: Option<PartyId>,
    /// Where, as received; empty where nobody said.
    pub(crate) place: String,
    /// Place in the ledger's log, and where its receipt is; nothing for a scan, which stands on none.
    pub(crate) entry: Option<(u64, String)>,
    /// The codes that this stop, after the one before, is a part of the proof of.
    pub(crate) odd: Vec<String>,
    /// Whether somebody had the pack in hand: an event of the trade, or a scan.
    pub(crate) is_in_hand: bool,
    /// Whether the case's document names it as evidence.
    pub(crate) is_evidence: bool,
}

/// A pack's way.
#[derive(Debug, Default)]
pub(crate) struct Way {
    /// Its canonical name.
    pub(crate) item: String,
    pub(crate) stops: Vec<Stop>,
    /// Whether a part of the way is left out.
    pub(crate) is_cut: bool,
    /// What is known of the places.
    pub(crate) places: BTreeMap<String, Place>,
}

/// Stops that are shown of one way, the latest ones.
pub(crate) const STOPS_MAX: usize = 100;

/// The way of one of the case's packs.
pub(crate) async fn way(
    node: &web::Data<Node>,
    caller: &Caller,
    name: &str,
    evidence: &Evidence,
) -> Result<Way, Problem> {
    let viewer = viewer(node, caller).await?;
    let item = item(node.network_key(), "item", name)?;
    let (history, mut is_cut) = history_of(node, &viewer, &item).await?;
    let mut stops: Vec<(Stop, Option<usize>)> = Vec::new();
    let own = own_events(node, evidence, &item.name);
    let mut told: Vec<usize> = Vec::new();
    for happening in history {
        let same = own.iter().copied().find(|at| is_same(&happening, &evidence.events[*at]));
        told.extend(same);
        stops.push((of_ledger(happening, same.is_some()), same));
    }
    for at in own.into_iter().filter(|at| !told.contains(at)) {
        stops.extend(of_scan(&evidence.events[at]).map(|stop| (stop, Some(at))));
    }
    stops.sort_by_key(|(stop, _)| stop.at);
    mark(&mut stops, evidence);
    let mut stops: Vec<Stop> = stops.into_iter().map(|(stop, _)| stop).collect();
    let left_out = stops.len().saturating_sub(STOPS_MAX);
    stops.drain(..left_out);
    is_cut |= left_out > 0;
    let places = described(node, stops.iter().map(|stop| stop.place.as_str())).await.map_err(Problem::internal)?;
    let mut way = Way { item: item.name, stops, is_cut, places };
    for event in &evidence.events {
        if let (Some([latitude, longitude]), Some(place)) = (event.position, way.places.get_mut(&event.place)) {
            // Where it was when the case was raised counts.
            place.position = Some((latitude, longitude));
        }
    }
    Ok(way)
}

impl Way {
    /// Kilometres on the ground and milliseconds between two stops; the distance only where both places are known.
    pub(crate) fn between(&self, from: &Stop, to: &Stop) -> (Option<f64>, i64) {
        let position = |stop: &Stop| self.places.get(&stop.place)?.position;
        let km = position(from).zip(position(to)).map(|(a, b)| distance_km(a, b));
        (km, to.at.0 - from.at.0)
    }
}

/// The events of the document that are about this item: those of its findings; all where the findings name no item.
fn own_events(node: &Node, evidence: &Evidence, name: &str) -> Vec<usize> {
    let is_own = |uri: &str| item(node.network_key(), "item", uri).is_ok_and(|item| item.name == name);
    let named: Vec<_> = evidence.findings.iter().filter(|found| !found.item.is_empty()).collect();
    let mut own: Vec<usize> = if named.is_empty() {
        (0..evidence.events.len()).collect()
    } else {
        named.into_iter().filter(|found| is_own(&found.item)).flat_map(|found| found.events.iter().copied()).collect()
    };
    own.retain(|at| *at < evidence.events.len());
    own.sort_unstable();
    own.dedup();
    own
}

/// Detection names an event of the ledger by its transaction and its command there.
fn is_same(happening: &Happening, event: &Proof) -> bool {
    event.document == happening.event.tx.to_string() && event.index == happening.event.command
}

fn of_ledger(happening: Happening, is_evidence: bool) -> Stop {
    let Happening { event, receipt, .. } = happening;
    let step = event.biz_step.as_deref().map(|step| step.rsplit([':', '/', '-']).next().unwrap_or(step).to_owned());
    let place = event.read_point.or(event.biz_location);
    Stop {
        is_in_hand: event.event_type.is_some(),
        at: event.happened,
        step: step.unwrap_or(event.kind),
        party: Some(event.party),
        place: place.or_else(|| event.site.map(|site| record::place_uri(site).to_string())).unwrap_or_default(),
        entry: Some((event.tx_index, receipt)),
        odd: Vec::new(),
        is_evidence,
    }
}

fn of_scan(event: &Proof) -> Option<Stop> {
    let at = OffsetDateTime::parse(&event.time, &Rfc3339).ok()?;
    Some(Stop {
        at: millis(at),
        step: event.step.clone(),
        party: None,
        place: event.place.clone(),
        entry: None,
        odd: Vec::new(),
        is_in_hand: true,
        is_evidence: true,
    })
}

/// Marks each stop with the codes whose proof leads to it from another place.
fn mark(stops: &mut [(Stop, Option<usize>)], evidence: &Evidence) {
    for found in &evidence.findings {
        for pair in found.events.windows(2) {
            let [from, to] = [pair[0], pair[1]].map(|at| evidence.events.get(at));
            let (Some(from), Some(to)) = (from, to) else { continue };
            if from.place == to.place {
                continue;
            }
            let arrived = stops.iter_mut().find(|(_, event)| *event == Some(pair[1]));
            if let Some((stop, _)) = arrived.filter(|(stop, _)| !stop.odd.contains(&found.code)) {
                stop.odd.push(found.code.clone());
            }
        }
    }
}
