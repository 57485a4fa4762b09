//! The model: every item's holder, container and marks written out in full.

use std::collections::{BTreeMap, BTreeSet};

use super::{MAKER, PACKS, PHARMACY, REGULATOR, Try};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Active,
    Destroyed,
    Dispensed(usize),
    Transformed,
}

/// A recall: its class and whose it is.
pub(super) type Recalled = (u8, usize);

/// The more severe, the first of equals.
pub(super) fn severe(marks: impl IntoIterator<Item = Option<Recalled>>) -> Option<Recalled> {
    marks.into_iter().flatten().min_by_key(|(class, _)| *class)
}

#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) holder: usize,
    pub(super) parent: Option<u16>,
    pub(super) life: Life,
    pub(super) offer: Option<u8>,
    pub(super) recall: Option<Recalled>,
    /// Who set it apart.
    pub(super) apart: Option<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Promise {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) open: BTreeSet<u16>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) things: BTreeMap<u16, Thing>,
    pub(super) offers: BTreeMap<u8, Promise>,
    pub(super) lot_recall: Option<Recalled>,
    pub(super) lot_apart: Option<usize>,
}

/// The holder of every item is written out in the model, so moving a container moves each thing inside.
impl Model {
    fn thing(&mut self, number: u16) -> Option<&mut Thing> {
        self.things.get_mut(&number)
    }

    pub(super) fn chain(&self, number: u16) -> Vec<u16> {
        std::iter::successors(Some(number), |at| self.things.get(at).and_then(|thing| thing.parent)).collect()
    }

    fn inside(&self, number: u16) -> Vec<u16> {
        self.things.keys().copied().filter(|other| self.chain(*other).contains(&number)).collect()
    }

    /// Whether nothing up to the top ended, and each meets the condition.
    fn in_trade(&self, number: u16, condition: impl Fn(&Thing) -> bool) -> bool {
        let fine = |thing: &Thing| thing.life == Life::Active && condition(thing);
        self.chain(number).iter().all(|at| self.things.get(at).is_some_and(fine))
    }

    /// Whether the party may move it: it holds it, and nothing up to the top ended or is promised.
    fn free(&self, by: usize, number: u16) -> Option<()> {
        let thing = self.things.get(&number)?;
        let whole = self.in_trade(number, |thing| thing.offer.is_none());
        (thing.holder == by && whole).then_some(())
    }

    pub(super) fn recall(&self, number: u16) -> Option<Recalled> {
        let own = self.chain(number).into_iter().map(|at| self.things.get(&at).and_then(|thing| thing.recall));
        severe(own.chain([self.lot_recall.filter(|_| number <= PACKS)]))
    }

    pub(super) fn apart(&self, number: u16) -> Option<usize> {
        let own = self.chain(number).into_iter().find_map(|at| self.things.get(&at).and_then(|thing| thing.apart));
        own.or(self.lot_apart.filter(|_| number <= PACKS))
    }

    /// Whether the party may move it, and nobody set it apart.
    fn fit_to_move(&self, by: usize, number: u16) -> Option<()> {
        self.free(by, number)?;
        self.apart(number).is_none().then_some(())
    }

    /// Whether it may go on towards a patient.
    fn fit_for_use(&self, by: usize, number: u16) -> Option<()> {
        self.fit_to_move(by, number)?;
        self.recall(number).is_none().then_some(())
    }

    /// It leaves what it lies in, and takes along what stands on that.
    fn leave(&mut self, number: u16) -> Option<()> {
        let chain = self.chain(number);
        let above: Vec<Thing> = chain.iter().filter_map(|at| self.things.get(at).cloned()).collect();
        let thing = self.thing(number)?;
        thing.recall = severe(above.iter().map(|thing| thing.recall));
        thing.apart = above.iter().find_map(|thing| thing.apart);
        thing.parent = None;
        Some(())
    }

    /// Whether the party speaks for it as its maker; a container has none.
    fn speaks(by: usize, number: u16) -> bool {
        by == REGULATOR || (by == MAKER && number <= PACKS)
    }

    /// Turns a try that aims at what there is into one with its names.
    pub(super) fn aim(&self, by: usize, what: &Try) -> (usize, Try) {
        let aimed = match what {
            Try::Ship(number, to) => self.chain(*number).last().and_then(|top| {
                let name = u8::try_from(self.offers.len()).expect("few offers").saturating_add(6);
                Some((self.things.get(top)?.holder, Try::Offer(name, *to, vec![*top])))
            }),
            Try::Receive(skip) => {
                self.offers.iter().find(|(_, promise)| !promise.open.is_empty()).map(|(name, promise)| {
                    let items: Vec<u16> = promise.open.iter().copied().collect();
                    let inside =
                        items.iter().flat_map(|top| self.inside(*top)).filter(|number| !items.contains(number));
                    (promise.to, Try::Accept(*name, items.clone(), inside.skip(*skip).take(1).collect()))
                })
            }
            Try::Supply(skip) => {
                let held = self.things.iter().filter(|(number, thing)| **number <= PACKS && thing.holder == PHARMACY);
                Some((PHARMACY, Try::Dispense(held.map(|(number, _)| *number).skip(*skip).take(1).collect())))
            }
            Try::Commission(_)
            | Try::Pack(..)
            | Try::Unpack(..)
            | Try::Offer(..)
            | Try::Accept(..)
            | Try::Reject(_)
            | Try::Withdraw(_)
            | Try::Destroy(_)
            | Try::Dispense(_)
            | Try::Undo(_)
            | Try::Transform(..)
            | Try::Quarantine(_)
            | Try::Release(_)
            | Try::Recall(..)
            | Try::EndRecall(_) => None,
        };
        aimed.unwrap_or_else(|| (by, what.clone()))
    }

    pub(super) fn act(&mut self, by: usize, what: &Try) -> Option<()> {
        match what {
            Try::Ship(..) | Try::Receive(_) | Try::Supply(_) => None,
            Try::Commission(items) => items.iter().try_for_each(|number| self.make(by, *number, by == MAKER)),
            Try::Pack(parent, items) => self.pack(by, *parent, items),
            Try::Unpack(parent, items) => self.unpack(by, *parent, items),
            Try::Offer(name, to, items) => self.offer(by, *name, *to, items),
            Try::Accept(name, items, missing) => self.accept(by, *name, items, missing),
            Try::Reject(name) => self.close(*name, |promise| promise.to == by),
            Try::Withdraw(name) => self.close(*name, |promise| promise.from == by),
            Try::Destroy(items) => items.iter().try_for_each(|number| self.end(by, *number, Life::Destroyed)),
            Try::Dispense(items) if items.is_empty() => None,
            Try::Dispense(items) => items.iter().try_for_each(|number| {
                (by == PHARMACY).then_some(())?;
                self.fit_for_use(by, *number)?;
                self.end(by, *number, Life::Dispensed(by))
            }),
            Try::Undo(items) => items.iter().try_for_each(|number| {
                self.recall(*number).is_none().then_some(())?;
                let thing = self.thing(*number)?;
                (thing.life == Life::Dispensed(by)).then(|| thing.life = Life::Active)
            }),
            Try::Transform(inputs, outputs) => self.transform(by, inputs, outputs),
            Try::Quarantine(items) if items.is_empty() => {
                (by == MAKER || by == REGULATOR).then_some(())?;
                set_apart(&mut self.lot_apart, by)
            }
            Try::Quarantine(items) => items.iter().try_for_each(|number| {
                let thing = self.things.get(number)?;
                let whole = self.in_trade(*number, |_| true);
                (whole && (Self::speaks(by, *number) || thing.holder == by)).then_some(())?;
                set_apart(&mut self.thing(*number)?.apart, by)
            }),
            Try::Release(items) if items.is_empty() => let_go(&mut self.lot_apart, by),
            Try::Release(items) => items.iter().try_for_each(|number| let_go(&mut self.thing(*number)?.apart, by)),
            Try::Recall(items, class) if items.is_empty() => {
                (by == MAKER || by == REGULATOR).then_some(())?;
                call_back(&mut self.lot_recall, *class, by)
            }
            Try::Recall(items, class) => items.iter().try_for_each(|number| {
                Self::speaks(by, *number).then_some(())?;
                call_back(&mut self.thing(*number)?.recall, *class, by)
            }),
            Try::EndRecall(items) if items.is_empty() => {
                (by == MAKER || by == REGULATOR).then_some(())?;
                end_recall(&mut self.lot_recall, by)
            }
            Try::EndRecall(items) => {
                items.iter().try_for_each(|number| end_recall(&mut self.thing(*number)?.recall, by))
            }
        }
    }

    fn make(&mut self, by: usize, number: u16, allowed: bool) -> Option<()> {
        (allowed && !self.things.contains_key(&number)).then_some(())?;
        let new = Thing { holder: by, parent: None, life: Life::Active, offer: None, recall: None, apart: None };
        self.things.insert(number, new);
        Some(())
    }

    /// What is used up must have been there before.
    fn transform(&mut self, by: usize, inputs: &[u16], outputs: &[u16]) -> Option<()> {
        inputs.iter().all(|number| self.things.contains_key(number)).then_some(())?;
        outputs.iter().try_for_each(|number| self.make(by, *number, by == MAKER))?;
        inputs.iter().try_for_each(|number| {
            (*number <= PACKS).then_some(())?;
            self.fit_for_use(by, *number)?;
            self.end(by, *number, Life::Transformed)
        })
    }

    fn pack(&mut self, by: usize, parent: u16, items: &[u16]) -> Option<()> {
        if !self.things.contains_key(&parent) {
            self.make(by, parent, true)?;
        }
        self.fit_to_move(by, parent)?;
        for number in items {
            self.fit_to_move(by, *number)?;
            if self.chain(parent).contains(number) || self.things.get(number)?.parent.is_some() {
                return None;
            }
            self.thing(*number)?.parent = Some(parent);
        }
        Some(())
    }

    fn unpack(&mut self, by: usize, parent: u16, items: &[u16]) -> Option<()> {
        self.free(by, parent)?;
        let inside: Vec<u16> =
            self.things.iter().filter(|(_, thing)| thing.parent == Some(parent)).map(|(number, _)| *number).collect();
        let leaving = if items.is_empty() { inside.clone() } else { items.to_vec() };
        (!inside.is_empty()).then_some(())?;
        for number in leaving {
            (self.things.get(&number)?.parent == Some(parent)).then_some(())?;
            self.leave(number)?;
        }
        Some(())
    }

    fn offer(&mut self, by: usize, name: u8, to: usize, items: &[u16]) -> Option<()> {
        (by != to && !self.offers.contains_key(&name)).then_some(())?;
        for number in items {
            self.fit_for_use(by, *number)?;
            let thing = self.thing(*number)?;
            thing.parent.is_none().then_some(())?;
            thing.offer = Some(name);
        }
        self.offers.insert(name, Promise { from: by, to, open: items.iter().copied().collect() });
        Some(())
    }

    fn accept(&mut self, by: usize, name: u8, items: &[u16], missing: &[u16]) -> Option<()> {
        let promise = self.offers.get(&name)?.clone();
        let distinct: BTreeSet<u16> = items.iter().chain(missing).copied().collect();
        let answers = promise.to == by && !promise.open.is_empty() && !distinct.is_empty();
        (answers && distinct.len() == items.len() + missing.len()).then_some(())?;
        items.iter().all(|number| promise.open.contains(number)).then_some(())?;
        for number in missing.iter().filter(|number| !promise.open.contains(number)) {
            let top = *self.chain(*number).last()?;
            (top != *number && items.contains(&top)).then_some(())?;
            self.leave(*number)?;
        }
        for number in items {
            for inner in self.inside(*number) {
                self.thing(inner)?.holder = by;
            }
        }
        for number in distinct {
            self.thing(number)?.offer = None;
            self.offers.get_mut(&name)?.open.remove(&number);
        }
        Some(())
    }

    fn close(&mut self, name: u8, may: impl Fn(&Promise) -> bool) -> Option<()> {
        let promise = self.offers.get_mut(&name)?;
        (may(promise) && !promise.open.is_empty()).then_some(())?;
        for number in std::mem::take(&mut promise.open) {
            self.thing(number)?.offer = None;
        }
        Some(())
    }

    fn end(&mut self, by: usize, number: u16, life: Life) -> Option<()> {
        self.free(by, number)?;
        self.leave(number)?;
        self.thing(number)?.life = life;
        Some(())
    }
}

/// A regulator takes over another's quarantine.
pub(super) fn set_apart(mark: &mut Option<usize>, by: usize) -> Option<()> {
    mark.is_none_or(|old| by == REGULATOR && old != REGULATOR).then(|| *mark = Some(by))
}

pub(super) fn let_go(mark: &mut Option<usize>, by: usize) -> Option<()> {
    (by == REGULATOR || *mark == Some(by)).then_some(())?;
    mark.take().map(drop)
}

/// Only a more severe one replaces another, and only a regulator then comes to own it.
pub(super) fn call_back(mark: &mut Option<Recalled>, class: u8, by: usize) -> Option<()> {
    mark.is_none_or(|(old, _)| class < old).then_some(())?;
    let owner = mark.filter(|_| by != REGULATOR).map_or(by, |(_, owner)| owner);
    *mark = Some((class, owner));
    Some(())
}

pub(super) fn end_recall(mark: &mut Option<Recalled>, by: usize) -> Option<()> {
    mark.is_some_and(|(_, owner)| by == REGULATOR || owner == by).then(|| *mark = None)
}
