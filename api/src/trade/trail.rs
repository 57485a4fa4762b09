//! What happened to an item: what named it, and what named a container while the item lay in it.
//!
//! Custody is inherited, so a pack's own entries are not its history: a pallet is shipped and received with one entry, and the
//! pack that lay in it then went with it, wherever it is today. The ledger indexes which entries touched an item; the commands
//! in them say when it went into a container and when it left. Emptying a container names none of its children, so the
//! container's own entries end a stay too.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use veridose_contract::limits::AGGREGATION_DEPTH_MAX;
use veridose_contract::{Action, Command, DiscrepancyKind, ItemKey, OfferId, StateError, resolve};
use veridose_ledger::{Ledger, LedgerError};

/// Entries of one item or container that are looked at; the newest ones.
const ENTRIES_PER_ITEM_MAX: usize = 1_000;
/// Entries that one walk reads, of the item and of all its containers together.
const ENTRIES_PER_WALK_MAX: usize = 4_000;

/// A place in the log: transaction and command.
pub type Position = (u64, u32);

/// What concerned an item, in the order of the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The commands; with each, the container through which it concerned the item, or nothing where it named the item itself.
    pub steps: BTreeMap<Position, Option<ItemKey>>,
    /// Whether a limit cut something off.
    pub is_cut: bool,
}

/// Why a trail could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The log could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Walks the item's entries, and those of every container for as long as the item was in it. Blocking: it reads the log.
pub fn trail(ledger: &Ledger, item: &ItemKey) -> Result<Trail, TrailError> {
    let mut walk = Walk { ledger, read: 0, mentions: BTreeMap::new(), trail: Trail::default() };
    walk.visit(item, None, 0)?;
    Ok(walk.trail)
}

/// As what a command concerns an item, in the words of EPCIS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// In the list of EPCs or of children.
    Listed,
    /// The container that something is done with.
    Parent,
    /// Used up in a transformation.
    Input,
    /// Made in a transformation.
    Output,
}

/// The commands that concern an item itself, and as what; nothing where a limit would cut something off. Blocking.
pub fn mentions(ledger: &Ledger, item: &ItemKey) -> Result<Option<Vec<(Position, Part)>>, TrailError> {
    let mut walk = Walk { ledger, read: 0, mentions: BTreeMap::new(), trail: Trail::default() };
    let found = walk.mentions(item)?;
    Ok((!walk.trail.is_cut).then(|| found.iter().map(|mention| (mention.at, mention.part)).collect()))
}

/// From when, exclusive, to when, inclusive.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Position,
    until: Option<Position>,
}

impl Span {
    fn holds(&self, at: Position) -> bool {
        at > self.from && self.until.is_none_or(|until| at <= until)
    }

    /// What both have, if anything.
    fn within(self, outer: Option<Self>) -> Option<Self> {
        let Some(outer) = outer else { return Some(self) };
        let until = [self.until, outer.until].into_iter().flatten().min();
        let both = Self { from: self.from.max(outer.from), until };
        both.until.is_none_or(|until| until > both.from).then_some(both)
    }
}

/// An item in a container.
#[derive(Debug, Clone, Copy)]
struct Stay {
    parent: ItemKey,
    span: Span,
}

/// A command that concerned an item.
#[derive(Debug, Clone, Copy)]
struct Mention {
    at: Position,
    part: Part,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// It named the item, which stayed where it was.
    Named,
    /// It put the item into this container.
    PutInto(ItemKey),
    /// It took the item out of what it lay in, if anything.
    TakenOut,
    /// It put something into the item, or took something out.
    Contents,
    /// It took out of the item all that was in it.
    Emptied,
}

struct Walk<'a> {
    ledger: &'a Ledger,
    read: usize,
    mentions: BTreeMap<ItemKey, Rc<[Mention]>>,
    trail: Trail,
}

impl Walk<'_> {
    /// Takes in what concerned the item; `span` is when the pack at the bottom lay in it, nothing for that pack itself.
    fn visit(&mut self, item: &ItemKey, span: Option<Span>, depth: usize) -> Result<(), TrailError> {
        let mut stays: Vec<Stay> = Vec::new();
        for Mention { at, how, .. } in self.mentions(item)?.iter().copied() {
            // What else went into a container or came out of it did not happen to the pack.
            let concerns = span.is_none_or(|span| span.holds(at) && how != How::Contents);
            if concerns {
                self.trail.steps.entry(at).or_insert(span.map(|_| *item));
            }
            let (into, moved) = match how {
                How::PutInto(parent) => (Some(parent), true),
                How::TakenOut => (None, true),
                How::Named | How::Contents | How::Emptied => (None, false),
            };
            if let Some(open) = stays.last_mut().filter(|stay| moved && stay.span.until.is_none()) {
                open.span.until = Some(at);
            }
            stays.extend(into.map(|parent| Stay { parent, span: Span { from: at, until: None } }));
        }
        if depth >= AGGREGATION_DEPTH_MAX {
            return Ok(());
        }
        for Stay { parent, span: stay } in stays {
            // An emptied container ends the stay, though nothing names the item.
            let is_end = |mention: &&Mention| mention.how == How::Emptied && stay.holds(mention.at);
            let emptied = self.mentions(&parent)?.iter().find(is_end).map(|mention| mention.at);
            let stay = Span { until: emptied.or(stay.until), ..stay };
            if let Some(both) = stay.within(span) {
                self.visit(&parent, Some(both), depth.saturating_add(1))?;
            }
        }
        Ok(())
    }

    /// Every command that concerned the item, oldest first.
    fn mentions(&mut self, item: &ItemKey) -> Result<Rc<[Mention]>, TrailError> {
        if let Some(known) = self.mentions.get(item) {
            return Ok(Rc::clone(known));
        }
        let mut indexes = self.ledger.history(item, ENTRIES_PER_ITEM_MAX)?;
        self.trail.is_cut |= indexes.len() == ENTRIES_PER_ITEM_MAX;
        // The entry that made it does not count as one that touched it.
        if let Some(standing) = resolve(&self.ledger.state(), item)? {
            indexes.extend(self.ledger.index_of(&standing.batch.tx)?);
        }
        indexes.sort_unstable();
        indexes.dedup();
        let (mut mentions, mut offers) = (Vec::new(), BTreeSet::new());
        for index in indexes {
            if self.read == ENTRIES_PER_WALK_MAX {
                self.trail.is_cut = true;
                break;
            }
            self.read = self.read.saturating_add(1);
            for entry in self.ledger.entries(index, 1)? {
                let commands = (0..).zip(&entry.transaction.body.commands);
                mentions.extend(commands.filter_map(|(number, command)| {
                    let how = how(command, item, &mut offers)?;
                    Some(Mention { at: (entry.index, number), part: part(command, item), how })
                }));
            }
        }
        let mentions: Rc<[Mention]> = mentions.into();
        self.mentions.insert(*item, Rc::clone(&mentions));
        Ok(mentions)
    }
}

/// As what the command concerned the item, given that it did.
fn part(command: &Command, item: &ItemKey) -> Part {
    match &command.action {
        Action::Aggregate { parent, .. } | Action::Disaggregate { parent } if parent == item => Part::Parent,
        Action::Transform { inputs, .. } if inputs.contains(item) => Part::Input,
        Action::Transform { .. } => Part::Output,
        Action::Commission { .. }
        | Action::CommissionContainers
        | Action::Aggregate { .. }
        | Action::Disaggregate { .. }
        | Action::Offer { .. }
        | Action::Accept { .. }
        | Action::Reject { .. }
        | Action::Withdraw { .. }
        | Action::Decommission { .. }
        | Action::Dispense { .. }
        | Action::Undo { .. }
        | Action::Quarantine(_)
        | Action::Release(_)
        | Action::Recall { .. }
        | Action::EndRecall { .. }
        | Action::Anchor
        | Action::Dispute { .. }
        | Action::Admit(_)
        | Action::UpdateParty(_)
        | Action::SuspendParty(_)
        | Action::ReinstateParty(_)
        | Action::RegisterCertificate(_)
        | Action::RevokeCertificate(_)
        | Action::RegisterProduct(_)
        | Action::RegisterLot { .. }
        | Action::RegisterConsent(_)
        | Action::RevokeConsent { .. }
        | Action::AmendConsent { .. }
        | Action::AnchorAccess(_)
        | Action::RevokeCredential(_)
        | Action::Erase(_)
        | Action::RegisterModel(_)
        | Action::PromoteModel { .. }
        | Action::RollBackModel { .. }
        | Action::RecordDecision(_)
        | Action::RaiseCase(_)
        | Action::MoveCase { .. }
        | Action::MoveStudy { .. }
        | Action::MoveClaim { .. } => Part::Listed,
    }
}

/// How the command concerned the item, if it did; `offers` are those that the item was part of so far.
fn how(command: &Command, item: &ItemKey, offers: &mut BTreeSet<OfferId>) -> Option<How> {
    let is_listed = command.items.contains(item);
    let listed = |how| is_listed.then_some(how);
    match &command.action {
        Action::Aggregate { parent, .. } if parent == item => Some(How::Contents),
        Action::Aggregate { parent, .. } => listed(How::PutInto(*parent)),
        Action::Disaggregate { parent } if parent == item && command.items.is_empty() => Some(How::Emptied),
        Action::Disaggregate { parent } if parent == item => Some(How::Contents),
        Action::Disaggregate { .. } | Action::Dispense { .. } | Action::Decommission { .. } => listed(How::TakenOut),
        Action::Transform { inputs, .. } if inputs.contains(item) => Some(How::TakenOut),
        Action::Offer { offer, .. } => {
            offers.extend(is_listed.then_some(*offer));
            listed(How::Named)
        }
        Action::Reject { offer } | Action::Withdraw { offer } => {
            (is_listed || offers.contains(offer)).then_some(How::Named)
        }
        Action::Accept { discrepancies, .. } => {
            let kind = discrepancies.iter().find(|discrepancy| discrepancy.item == *item).map(|found| found.kind);
            match kind {
                // What is missing from a container leaves it; an item that was offered by itself lies in none.
                Some(DiscrepancyKind::Missing | DiscrepancyKind::Damaged | DiscrepancyKind::Refused) => {
                    Some(How::TakenOut)
                }
                Some(DiscrepancyKind::Surplus) => Some(How::Named),
                None => listed(How::Named),
            }
        }
        Action::Transform { .. }
        | Action::Commission { .. }
        | Action::CommissionContainers
        | Action::Undo { .. }
        | Action::Quarantine(_)
        | Action::Release(_)
        | Action::Recall { .. }
        | Action::EndRecall { .. }
        | Action::Anchor
        | Action::Dispute { .. } => listed(How::Named),
        Action::Admit(_)
        | Action::UpdateParty(_)
        | Action::SuspendParty(_)
        | Action::ReinstateParty(_)
        | Action::RegisterCertificate(_)
        | Action::RevokeCertificate(_)
        | Action::RegisterProduct(_)
        | Action::RegisterLot { .. }
        | Action::RegisterConsent(_)
        | Action::RevokeConsent { .. }
        | Action::AmendConsent { .. }
        | Action::AnchorAccess(_)
        | Action::RevokeCredential(_)
        | Action::Erase(_)
        | Action::RegisterModel(_)
        | Action::PromoteModel { .. }
        | Action::RollBackModel { .. }
        | Action::RecordDecision(_)
        | Action::RaiseCase(_)
        | Action::MoveCase { .. }
        | Action::MoveStudy { .. }
        | Action::MoveClaim { .. } => None,
    }
}
