//! One serial number in two places (patterns 3 and 8).

use crate::events::{NO_TIME, NONE, Row, Step, ThingKind};

use super::Code;
use super::custody::path_cause;
use super::walk::{Proof, Walk, span};

/// No goods travel faster, in kilometres an hour.
const SPEED_KMH_MAX: f64 = 900.0;
/// Clocks and coordinates are not exact: hours and kilometres that are let pass.
const SLACK_HOURS: f64 = 0.5;
const SLACK_KM: f64 = 30.0;
/// A record handed in this much later may carry the time of the handing in, in milliseconds.
const LATE_MS: i64 = 3 * 3_600_000;

/// An event, what it says, and whether it names a container instead.
type Stop<'t> = (u32, &'t Row, bool);

pub(super) fn check(walk: &mut Walk<'_>) {
    let stops: Vec<Stop<'_>> = walk
        .stops()
        .filter(|(_, row)| row.step != Step::Other || row.parent == NONE)
        .map(|(visit, row)| (visit.event, row, visit.is_inherited))
        .collect();
    impossible(walk, &stops);
    if walk.table().things.kind(walk.thing) == ThingKind::Pack {
        cloned(walk, &stops);
    }
}

fn impossible(walk: &mut Walk<'_>, stops: &[Stop<'_>]) {
    let facts = walk.facts;
    let mut worst: Option<(f64, f64, [u32; 2])> = None;
    for pair in stops.windows(2) {
        let [(before, from, in_container), (after, to, still)] = pair else { continue };
        // What befell the container is told of the container.
        if from.place == to.place || (*in_container && *still) {
            continue;
        }
        let (Some(a), Some(b)) = (facts.position(from.place), facts.position(to.place)) else { continue };
        let km = distance_km(a, b);
        #[expect(clippy::cast_precision_loss, reason = "hours between two events")]
        let hours = (to.time - from.time) as f64 / 3_600_000.0;
        let is_too_fast = km - SLACK_KM > SPEED_KMH_MAX * (hours + SLACK_HOURS);
        if is_too_fast && worst.is_none_or(|(found, _, _)| km - hours * SPEED_KMH_MAX > found) {
            worst = Some((km - hours * SPEED_KMH_MAX, hours, [*before, *after]));
        }
    }
    let Some((excess, hours, events)) = worst else { return };
    let rows = events.map(|event| walk.row(event));
    let km = excess + hours * SPEED_KMH_MAX;
    let is_late = rows.iter().any(|row| row.recorded != NO_TIME && row.recorded - row.time > LATE_MS);
    let text = format!(
        "{} was at {} and {} later at {}, {km:.0} km away.",
        walk.name(),
        facts.called(rows[0].place),
        span(rows[1].time - rows[0].time),
        facts.called(rows[1].place)
    );
    let parties = rows.map(|row| facts.party_of(row));
    // A shipment that arrives where it was sent is one shipment, whatever its clocks say.
    let is_handed_over = rows[0].step == Step::Shipping
        && rows[1].step == Step::Receiving
        && facts.party(rows[0].destination) == facts.party_of(rows[1]);
    let strength = match (is_handed_over, is_late) {
        (true, _) => 0.05,
        (false, true) => 0.4,
        (false, false) => 0.92,
    };
    walk.find(Code::ImpossibleTravel, &Proof { events: &events, parties: &parties, strength, causes: &[] }, text);
}

/// Where a pack is, by the last event that somebody had it in hand.
struct Held<'t> {
    event: u32,
    row: &'t Row,
    party: u32,
    /// Whether it was sent away from there.
    is_sent: bool,
}

/// Follows custody: whoever has the pack in hand must have had it sent, or have received it. One missed reading makes
/// one gap; it takes a site that never passed the pack on, and a second that never took it over, to say that there
/// are two.
fn cloned(walk: &mut Walk<'_>, stops: &[Stop<'_>]) {
    let facts = walk.facts;
    let mut held: Option<Held<'_>> = None;
    let mut gaps: Vec<[u32; 2]> = Vec::new();
    let mut seen: Vec<u32> = Vec::new();
    let mut strength: f64 = 0.0;
    for (event, row, _) in stops {
        let party = facts.party_of(row);
        let is_taken = matches!(row.step, Step::Receiving | Step::Unpacking | Step::Commissioning | Step::Repackaging);
        if let Some(last) = held.as_ref().filter(|last| last.party != party && !last.is_sent && !is_taken) {
            gaps.push([last.event, *event]);
            strength = strength.max(two_places(walk, last, row, seen.contains(&party)));
        }
        if !seen.contains(&party) {
            seen.push(party);
        }
        let is_sent = matches!(row.step, Step::Shipping | Step::Returning);
        held = Some(Held { event: *event, row, party, is_sent });
    }
    if gaps.len() > 1 {
        strength = strength.max(0.9);
    }
    if strength <= 0.0 {
        return;
    }
    let mut events: Vec<u32> = gaps.iter().flatten().copied().take(8).collect();
    events.dedup();
    let mut parties: Vec<u32> = events.iter().map(|event| facts.party_of(walk.row(*event))).collect();
    parties.dedup();
    let first = gaps[0].map(|event| walk.row(event));
    let text = format!(
        "{} was at {}, then after {} at {}, and nothing says that it was sent or received between{}.",
        walk.name(),
        facts.called(first[0].place),
        span(first[1].time - first[0].time),
        facts.called(first[1].place),
        if gaps.len() > 1 { format!("; {} such leaps", gaps.len()) } else { String::new() }
    );
    // Packs that leapt together are one shipment whose papers are missing. Between two dispensers there are no such shipments: each
    // pack is a suspicion of its own, so that no later copy is taken for what is known.
    let are_dispensers = first.iter().all(|row| facts.role(row.place).is_dispenser());
    let shipment = path_cause(walk, "leap", first[0].place, first[1].place, first[1].time);
    let causes: &[u64] = if are_dispensers { &[] } else { &[shipment] };
    walk.find(Code::ClonedSerial, &Proof { events: &events, parties: &parties, strength, causes }, text);
    // The first leap is enough to see it.
    let at = first[1].time;
    if let Some(finding) = walk.findings.last_mut() {
        finding.at = at;
    }
}

/// How sure it is that what one party still has and another shows are two packs.
fn two_places(walk: &Walk<'_>, last: &Held<'_>, row: &Row, was_here_before: bool) -> f64 {
    let facts = walk.facts;
    let (from, to) = (facts.role(last.row.place), facts.role(row.place));
    let ends = from.is_dispenser() && to.is_dispenser();
    match () {
        // On the way of a return, with two readings missed.
        () if was_here_before && from.is_dispenser() && !to.is_dispenser() => 0.4,
        // Back where it was without having been sent back: the other one was a second pack.
        () if was_here_before => 0.85,
        () if ends && facts.are_countries_apart(last.row.place, row.place) => 0.9,
        () if ends => 0.8,
        () if from.is_dispenser() => 0.6,
        // On its natural way with two readings missed.
        () => 0.0,
    }
}

/// The distance of two points on a sphere of the earth's mean radius (haversine formula), in kilometres.
pub fn distance_km((a_lat, a_lon): (f64, f64), (b_lat, b_lon): (f64, f64)) -> f64 {
    const RADIUS_KM: f64 = 6_371.0;
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let h = half(a_lat, b_lat) + a_lat.to_radians().cos() * b_lat.to_radians().cos() * half(a_lon, b_lon);
    2.0 * RADIUS_KM * h.clamp(0.0, 1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_map() {
        let (berlin, paris) = ((52.52, 13.405), (48.857, 2.352));
        assert!((distance_km(berlin, paris) - 878.0).abs() < 5.0);
        assert!(distance_km(berlin, berlin).abs() < 1e-9);
        assert!((distance_km((0.0, 179.5), (0.0, -179.5)) - 111.2).abs() < 1.0);
    }
}
