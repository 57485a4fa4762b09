//! One run, day by day.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::attack::Attacks;
use crate::chance::Stream;
use crate::error::SimulateError;
use crate::event::{DAY, Event, Moment, Step};
use crate::name::Names;
use crate::network::Network;
use crate::noise::Noise;
use crate::options::Options;
use crate::output::{Output, write_master_data};
use crate::pattern::{Pattern, Slip};
use crate::slip::Slips;
use crate::stock::StockFiles;
use crate::truth::Truth;
use crate::world::World;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Events written, doubled ones twice.
    pub events: u64,
    /// Documents they stand in.
    pub documents: usize,
    /// Packs commissioned or made by repackaging.
    pub packs: u64,
    /// Packs that were given out honestly.
    pub dispensed: u64,
    /// Parties and their places.
    pub parties: usize,
    /// Products.
    pub products: usize,
    /// Attacks by pattern.
    pub attacks: BTreeMap<&'static str, u64>,
    /// Slips by kind.
    pub slips: BTreeMap<&'static str, u64>,
}

/// Simulates a supply chain and writes it: `events-NNNNN.jsonld`, `masterdata-NNNNN.jsonld`, `truth.jsonl` and, where asked
/// for, `demand.csv` and `stockouts.csv`. Memory holds what is in stock, a few days of events and a few documents.
pub fn run(options: &Options) -> Result<Statistics, SimulateError> {
    options.check()?;
    prepare(&options.out)?;
    let network = Network::build(options);
    let names = Names { network: &network, lots: &[], seed: options.seed, start: options.start };
    write_master_data(options, names)?;
    std::thread::scope(|scope| {
        let output = Output::start(scope, options, &network);
        let run = Run::new(options, &network, output)?;
        run.finish()
    })
}

fn prepare(folder: &Path) -> Result<(), SimulateError> {
    let io = |source| SimulateError::Io { path: folder.into(), source };
    fs::create_dir_all(folder).map_err(io)?;
    if fs::read_dir(folder).map_err(io)?.next().is_some() {
        return Err(SimulateError::NotEmpty(folder.into()));
    }
    Ok(())
}

struct Run<'a, 'scope> {
    options: &'a Options,
    world: World<'a>,
    slips: Slips,
    noise: Noise,
    attacks: Attacks,
    attack_noise: Noise,
    /// Events by the day on which they are recorded.
    recorded: BTreeMap<Moment, Vec<Event>>,
    output: Output<'scope>,
    truth: BufWriter<File>,
    stock: Option<StockFiles>,
    statistics: Statistics,
}

impl<'a, 'scope> Run<'a, 'scope> {
    fn new(options: &'a Options, network: &'a Network, output: Output<'scope>) -> Result<Self, SimulateError> {
        let truth = options.out.join("truth.jsonl");
        let truth = File::create(&truth).map_err(|source| SimulateError::Io { path: truth, source })?;
        let stock = options.stock.then(|| StockFiles::create(&options.out)).transpose();
        let noise = |stream| Noise::new(options.seed, stream, options.noise, network);
        Ok(Self {
            options,
            world: World::new(network, options),
            slips: Slips::new(options.seed, options.noise),
            noise: noise(Stream::Noise),
            attacks: Attacks::new(options),
            attack_noise: noise(Stream::AttackNoise),
            recorded: BTreeMap::new(),
            output,
            truth: BufWriter::new(truth),
            stock: stock.map_err(|source| SimulateError::Io { path: options.out.clone(), source })?,
            statistics: Statistics {
                events: 0,
                documents: 0,
                packs: 0,
                dispensed: 0,
                parties: network.sites.len(),
                products: network.products.len(),
                attacks: BTreeMap::new(),
                slips: BTreeMap::new(),
            },
        })
    }

    fn finish(mut self) -> Result<Statistics, SimulateError> {
        for day in 0..self.options.days {
            self.day(day)?;
            if !self.hand_on(Some(self.world.midnight() + DAY)) {
                break;
            }
        }
        self.hand_on(None);
        let spells = self.world.open_spells();
        if let Some(mut stock) = self.stock.take() {
            let written = stock.write(&self.world.names(), &[], &spells).and_then(|()| stock.finish());
            written.map_err(|source| SimulateError::Io { path: self.options.out.clone(), source })?;
        }
        self.truth
            .flush()
            .map_err(|source| SimulateError::Io { path: self.options.out.join("truth.jsonl"), source })?;
        self.statistics.documents = self.output.finish(&self.world.lots)?;
        self.statistics.packs = self.world.lots.iter().map(|lot| u64::from(lot.packs)).sum();
        self.statistics.attacks = self.attacks.counts.iter().map(|(kind, count)| (kind.name(), *count)).collect();
        Ok(self.statistics)
    }

    /// One day of honest trade, what went wrong in it, and what attackers make of it.
    fn day(&mut self, day: u32) -> Result<(), SimulateError> {
        let mut honest = self.world.step(day);
        let given = honest.iter().filter(|event| event.step == Step::Dispense);
        self.statistics.dispensed += given.map(|event| event.epcs.len() as u64).sum::<u64>();
        let (closings, spells) = self.world.take_stock();
        if let Some(stock) = &mut self.stock {
            let written = stock.write(&self.world.names(), &closings, &spells);
            written.map_err(|source| SimulateError::Io { path: self.options.out.clone(), source })?;
        }
        let planned = self.attacks.plan(&self.world, &honest);
        let slipped = self.slips.lay(&mut honest, &self.world.names());
        let (mut honest, late) = self.noise.lay(honest, &self.world.names());
        self.attacks.take(&mut honest);
        let mut attacks = self.attacks.until(self.world.midnight() + DAY);
        self.attack_noise.lay_over_attacks(&mut attacks);
        for event in honest.into_iter().chain(attacks) {
            self.recorded.entry(event.recorded.div_euclid(DAY)).or_default().push(event);
        }
        self.tell(&[planned, slipped, late].concat())
    }

    fn tell(&mut self, truths: &[Truth]) -> Result<(), SimulateError> {
        for truth in truths {
            if Slip::ALL.iter().any(|slip| slip.name() == truth.pattern) {
                *self.statistics.slips.entry(truth.pattern).or_default() += 1;
            }
            let mut line = serde_json::to_vec(truth).expect("a truth has a JSON form");
            line.push(b'\n');
            let written = self.truth.write_all(&line);
            written.map_err(|source| SimulateError::Io { path: self.options.out.join("truth.jsonl"), source })?;
        }
        Ok(())
    }

    /// Writes what was recorded before a moment, or all of it. False when writing has failed.
    fn hand_on(&mut self, before: Option<Moment>) -> bool {
        let later = before.map(|moment| self.recorded.split_off(&moment.div_euclid(DAY))).unwrap_or_default();
        for (_, mut events) in std::mem::replace(&mut self.recorded, later) {
            events.sort_by_key(|event| (event.recorded, event.id));
            self.statistics.events += events.len() as u64;
            if !self.output.write(events, &self.world.lots) {
                return false;
            }
        }
        true
    }
}

/// The names of everything that truth files may hold.
pub fn pattern_names() -> impl Iterator<Item = &'static str> {
    Pattern::ALL.iter().map(|pattern| pattern.name()).chain(Slip::ALL.iter().map(|slip| slip.name()))
}
