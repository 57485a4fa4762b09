//! Packs, cases and pallets that move together.

use crate::event::{Epc, Pack};

/// Packs of one lot with numbers in a row, in a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) container: u64,
    pub(crate) lot: u32,
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl Case {
    pub(crate) fn packs(self) -> impl Iterator<Item = Pack> {
        (self.first..self.first + self.count).map(move |number| Pack { lot: self.lot, number })
    }

    pub(crate) fn children(self) -> Vec<Epc> {
        self.packs().map(Epc::Pack).collect()
    }
}

/// Cases on a pallet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pallet {
    pub(crate) container: u64,
    pub(crate) cases: Vec<Case>,
}

/// What is handed over at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Goods {
    pub(crate) pallets: Vec<Pallet>,
    pub(crate) cases: Vec<Case>,
    pub(crate) packs: Vec<Pack>,
}

impl Goods {
    pub(crate) fn is_empty(&self) -> bool {
        self.pallets.is_empty() && self.cases.is_empty() && self.packs.is_empty()
    }

    /// What an event of the handover names.
    pub(crate) fn top(&self) -> Vec<Epc> {
        let pallets = self.pallets.iter().map(|pallet| Epc::Container(pallet.container));
        let cases = self.cases.iter().map(|case| Epc::Container(case.container));
        pallets.chain(cases).chain(self.packs.iter().copied().map(Epc::Pack)).collect()
    }

    /// All lots in it, some of them several times.
    pub(crate) fn lots(&self) -> impl Iterator<Item = u32> + '_ {
        let cases = self.pallets.iter().flat_map(|pallet| &pallet.cases).chain(&self.cases);
        cases.map(|case| case.lot).chain(self.packs.iter().map(|pack| pack.lot))
    }
}
