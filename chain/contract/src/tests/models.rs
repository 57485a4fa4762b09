//! Models beside a model of them: who registered what with which certificate, and the list of those in use, newest last.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::{World, frozen, id};
use crate::*;

const PARTIES: [&str; 2] = ["reg", "maker"];
const KINDS: [&str; 2] = ["detect", "rank"];

#[derive(Debug, Clone)]
enum Try {
    Register(u8, usize),
    Promote(u8),
    RollBack(usize),
}

/// Written out in full.
#[derive(Debug, Default)]
struct Naive {
    /// By party and model: its kind, and the certificate that registered it.
    registered: BTreeMap<(usize, u8), (usize, u8)>,
    /// By party and kind: what was in use, whenever that changed.
    in_use: BTreeMap<(usize, usize), u8>,
    /// By party and model: what was in use when it was last promoted.
    before: BTreeMap<(usize, u8), Option<u8>>,
}

impl Naive {
    /// Whether it is allowed; then it is done.
    fn step(&mut self, party: usize, certificate: u8, what: &Try) -> bool {
        match *what {
            Try::Register(model, kind) => {
                let is_new = !self.registered.contains_key(&(party, model));
                self.registered.entry((party, model)).or_insert((kind, certificate));
                is_new
            }
            Try::Promote(model) => match self.registered.get(&(party, model)) {
                Some((kind, registrar)) if *registrar != certificate => {
                    let current = self.in_use.get(&(party, *kind)).copied();
                    if current == Some(model) {
                        return false;
                    }
                    self.before.insert((party, model), current);
                    self.in_use.insert((party, *kind), model);
                    true
                }
                Some(_) | None => false,
            },
            Try::RollBack(kind) => {
                let current = self.in_use.get(&(party, kind)).copied();
                let earlier = current.and_then(|model| self.before.get(&(party, model)).copied().flatten());
                earlier.is_some_and(|earlier| self.in_use.insert((party, kind), earlier).is_some())
            }
        }
    }
}

fn tries() -> impl Strategy<Value = (usize, u8, Try)> {
    let what = prop_oneof![
        2 => (0..5u8, 0..KINDS.len()).prop_map(|(model, kind)| Try::Register(model, kind)),
        3 => (0..5u8).prop_map(Try::Promote),
        2 => (0..KINDS.len()).prop_map(Try::RollBack),
    ];
    (0..PARTIES.len(), 1..4u8, what)
}

fn name<const N: usize>(names: [&'static str; N], number: usize) -> &'static str {
    names.get(number).copied().expect("one of them")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn models_come_into_use_by_two_certificates_and_go_back(tries in prop::collection::vec(tries(), 1..60)) {
        let mut world = World::new();
        let mut naive = Naive::default();
        for (party, certificate, what) in tries {
            let action = match &what {
                Try::Register(model, kind) => Action::RegisterModel(frozen(*model, name(KINDS, *kind), None)),
                Try::Promote(model) => Action::PromoteModel { model: ModelId([*model; 32]) },
                Try::RollBack(kind) => Action::RollBackModel { kind: name(KINDS, *kind).to_owned() },
            };
            let entry = world.signed(name(PARTIES, party), certificate, action);
            prop_assert_eq!(world.submit(entry).is_ok(), naive.step(party, certificate, &what), "{:?}", what);
            for (number, party) in PARTIES.iter().enumerate() {
                for (kind, kind_name) in KINDS.iter().enumerate() {
                    let found = read::model_in_use(&world.state, &id(party), kind_name).expect("readable");
                    let due = naive.in_use.get(&(number, kind)).map(|model| ModelId([*model; 32]));
                    prop_assert_eq!(found.map(|record| record.model), due);
                }
            }
        }
    }
}
