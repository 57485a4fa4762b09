//! What attackers do, laid over the honest trade: it draws from its own chance and changes no honest event but that packs
//! which an attacker took are not seen where they would have been.

mod code;
mod custody;
mod plan;
mod sale;
mod source;

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::chance::{Chance, Stream, number};
use crate::event::{DAY, Epc, Event, Moment, Pack, SiteId, Step};
use crate::options::Options;
use crate::pattern::Pattern;
use crate::truth::Truth;
use crate::world::World;
use plan::Plan;

/// Events of attackers are numbered from here on.
const IDS: u64 = 1 << 61;
/// Containers of attackers are numbered from here on.
const CONTAINERS: u64 = 3_000_000_000_000;
/// Papers of attackers are numbered from here on.
const PAPERS: u64 = 500_000_000;
/// What is remembered of the trade's latest dispenses and shipments.
const MEMORY: usize = 4_096;

/// What attackers have seen lately.
#[derive(Debug, Default)]
struct Memory {
    dispensed: VecDeque<(Pack, SiteId, Moment)>,
    /// Packs that a wholesaler shipped loose.
    shipped: VecDeque<(Pack, SiteId)>,
}

impl Memory {
    fn note(&mut self, event: &Event) {
        let packs = event.epcs.iter().filter_map(|epc| match epc {
            Epc::Pack(pack) => Some(*pack),
            Epc::Container(_) | Epc::Invented(_) => None,
        });
        match event.step {
            Step::Dispense => packs.for_each(|pack| self.dispensed.push_back((pack, event.site, event.time))),
            // An undone dispense is none.
            Step::Undo => {
                let undone: Vec<Pack> = packs.collect();
                self.dispensed.retain(|(pack, ..)| !undone.contains(pack));
            }
            Step::Ship => packs.for_each(|pack| self.shipped.push_back((pack, event.site))),
            _ => {}
        }
        self.dispensed.drain(..self.dispensed.len().saturating_sub(MEMORY));
        self.shipped.drain(..self.shipped.len().saturating_sub(MEMORY));
    }
}

/// The attacks of a run.
pub(crate) struct Attacks {
    chance: Chance,
    memory: Memory,
    patterns: Vec<Pattern>,
    prevalence: f64,
    end: Moment,
    /// Patterns that have not had their turn, the next one last.
    turns: VecDeque<Pattern>,
    /// Attacks that are due, and a fraction of the next.
    due: f64,
    ids: Ids,
    scheduled: BTreeMap<Moment, Vec<Event>>,
    /// Things that attackers took, and when.
    taken: HashMap<Epc, Moment>,
    /// How many there were of each pattern.
    pub(crate) counts: BTreeMap<Pattern, u64>,
}

/// Numbers that are used up.
#[derive(Debug)]
struct Ids {
    events: u64,
    containers: u64,
    papers: u64,
}

impl Attacks {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            chance: Chance::new(options.seed, Stream::Attacks),
            memory: Memory::default(),
            patterns: options.patterns.clone(),
            prevalence: options.prevalence,
            end: options.start_moment() + i64::from(options.days) * DAY,
            turns: VecDeque::new(),
            due: 0.5,
            ids: Ids { events: IDS, containers: CONTAINERS, papers: PAPERS },
            scheduled: BTreeMap::new(),
            taken: HashMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Looks at the honest events of the day that ends and plans attacks from tomorrow on.
    pub(crate) fn plan(&mut self, world: &World<'_>, honest: &[Event]) -> Vec<Truth> {
        if self.prevalence <= 0.0 || self.patterns.is_empty() {
            return Vec::new();
        }
        let dispensed: usize =
            honest.iter().filter(|event| event.step == Step::Dispense).map(|event| event.epcs.len()).sum();
        for event in honest {
            self.memory.note(event);
        }
        self.due += self.prevalence * number(dispensed);
        let mut truths = Vec::new();
        while self.due >= 1.0 {
            let Some(truth) = self.launch(world) else { break };
            truths.push(truth);
            self.due -= 1.0;
        }
        truths
    }

    /// The next attack that the circumstances allow; patterns that they do not allow wait for their turn.
    fn launch(&mut self, world: &World<'_>) -> Option<Truth> {
        if self.turns.len() < self.patterns.len() {
            let mut round = self.patterns.clone();
            self.chance.shuffle(&mut round);
            self.turns.extend(round);
        }
        for place in 0..self.turns.len() {
            let pattern = self.turns[place];
            let mut plan = Plan::new(world, &mut self.chance, &self.memory, &self.taken, &mut self.ids);
            let Some(epcs) = plan.attempt(pattern) else { continue };
            let (events, taken, lot) = plan.into_parts();
            if events.iter().any(|event| event.recorded >= self.end) {
                continue;
            }
            self.turns.remove(place);
            *self.counts.entry(pattern).or_default() += 1;
            let names = world.names();
            let epcs = epcs.iter().map(|epc| names.uri(epc)).collect();
            let truth = Truth::new(pattern.name(), epcs, lot, &events, &names);
            self.taken.extend(taken);
            for event in events {
                self.scheduled.entry(event.time).or_default().push(event);
            }
            return Some(truth);
        }
        None
    }

    /// Leaves out of honest events what an attacker took before.
    pub(crate) fn take(&self, honest: &mut Vec<Event>) {
        if self.taken.is_empty() {
            return;
        }
        honest.retain_mut(|event| {
            let is_there = |epc: &Epc| self.taken.get(epc).is_none_or(|since| event.time < *since);
            if event.parent.as_ref().is_some_and(|parent| !is_there(parent)) {
                return false;
            }
            let before = event.epcs.len();
            let mut epcs = std::mem::take(&mut event.epcs);
            epcs.retain(is_there);
            event.epcs = epcs;
            before == 0 || !event.epcs.is_empty()
        });
    }

    /// The attackers' events before a moment.
    pub(crate) fn until(&mut self, moment: Moment) -> Vec<Event> {
        let later = self.scheduled.split_off(&moment);
        std::mem::replace(&mut self.scheduled, later).into_values().flatten().collect()
    }
}
