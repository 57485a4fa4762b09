//! How surprising a path is: bits of surprise, step by step, under a Markov model of the paths seen before.
//!
//! The probability of a step given the steps before it is interpolated with that given fewer of them, down to all symbols being
//! equally likely, by the rule of Witten and Bell (1991, method C): `P(s | h) = (n(h, s) + d(h) P(s | h')) / (n(h) + d(h))`, where `n` counts, `d(h)` is how many
//! different steps followed `h`, and `h'` is `h` without its oldest step. So a step that was never seen has a probability too,
//! and a known symbol at a new place is less surprising than a new symbol.

use std::collections::BTreeMap;

use borsh::{BorshDeserialize, BorshSerialize};

use crate::error::LearnError;

/// The most steps before a step that are looked at.
pub const ORDER_MAX: usize = 4;
/// The most different symbols.
pub const SYMBOLS_MAX: usize = 1_000_000;
/// The most different histories.
pub const HISTORIES_MAX: usize = 5_000_000;

/// Stands before the first step.
const BEGIN: u32 = u32::MAX;
/// Stands for every symbol that was never seen.
const NEW: u32 = u32::MAX - 1;

/// What followed what.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Paths {
    order: u8,
    symbols: BTreeMap<String, u32>,
    /// By history, oldest step first; the empty one counts all steps.
    histories: BTreeMap<Vec<u32>, Followers>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Followers {
    steps: u64,
    by_symbol: BTreeMap<u32, u64>,
}

/// How surprising a path is.
#[derive(Debug, Clone, PartialEq)]
pub struct Surprisal {
    /// Of each step, in bits.
    pub bits: Vec<f64>,
}

impl Surprisal {
    /// Of the whole path.
    pub fn total(&self) -> f64 {
        self.bits.iter().sum()
    }

    /// Of a step on average; none of an empty path.
    pub fn mean(&self) -> f64 {
        if self.bits.is_empty() { 0.0 } else { self.total() / crate::to_f64(self.bits.len()) }
    }

    /// The most surprising step, and the bits of it; the first of equal ones.
    pub fn greatest(&self) -> Option<(usize, f64)> {
        self.bits.iter().copied().enumerate().reduce(|most, step| if step.1 > most.1 { step } else { most })
    }
}

impl Paths {
    /// Nothing seen yet; `order` steps before a step are looked at.
    pub fn new(order: usize) -> Result<Self, LearnError> {
        let order = u8::try_from(order)
            .ok()
            .filter(|order| (1..=ORDER_MAX).contains(&usize::from(*order)))
            .ok_or_else(|| LearnError::Setting {
                name: "order",
                value: order.to_string(),
                expected: format!("1 to {ORDER_MAX}"),
            })?;
        Ok(Self { order, symbols: BTreeMap::new(), histories: BTreeMap::new() })
    }

    /// Counts the steps of a path. The order in which paths are added does not matter to what they tell, but to the bytes
    /// that are written: add them in one order.
    pub fn add<'a>(&mut self, path: impl IntoIterator<Item = &'a str>) -> Result<(), LearnError> {
        let mut before = vec![BEGIN; usize::from(self.order)];
        for symbol in path {
            let symbol = self.number(symbol)?;
            for from in 0..=before.len() {
                let followers = self.histories.entry(before[from..].to_vec()).or_default();
                followers.steps += 1;
                *followers.by_symbol.entry(symbol).or_default() += 1;
            }
            if self.histories.len() > HISTORIES_MAX {
                return Err(LearnError::Limit {
                    what: "more different histories of paths".to_owned(),
                    max: HISTORIES_MAX,
                });
            }
            before.remove(0);
            before.push(symbol);
        }
        Ok(())
    }

    /// How surprising a path is. It need not have ended.
    pub fn surprisal<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Surprisal {
        let mut before = vec![BEGIN; usize::from(self.order)];
        let step = |symbol| {
            let symbol = self.symbols.get(symbol).copied().unwrap_or(NEW);
            let bits = -self.probability(&before, symbol).log2();
            before.remove(0);
            before.push(symbol);
            bits
        };
        Surprisal { bits: path.into_iter().map(step).collect() }
    }

    /// What most often came next after these steps, and its probability: what a surprising step stands in the place of.
    pub fn usual<'a>(&self, before: impl IntoIterator<Item = &'a str>) -> Option<(&str, f64)> {
        let mut known = vec![BEGIN; usize::from(self.order)];
        known.extend(before.into_iter().map(|symbol| self.symbols.get(symbol).copied().unwrap_or(NEW)));
        let known = &known[known.len() - usize::from(self.order)..];
        let followers = (0..=known.len()).find_map(|from| self.histories.get(&known[from..]))?;
        let most = followers.by_symbol.iter().max_by_key(|(symbol, count)| (**count, std::cmp::Reverse(**symbol)))?;
        let name = self.symbols.iter().find(|(_, number)| *number == most.0)?.0;
        Some((name, self.probability(known, *most.0)))
    }

    /// That the parts fit together, which a file may only claim.
    pub fn check(&self) -> Result<(), &'static str> {
        let known =
            |followers: &Followers| followers.by_symbol.values().try_fold(0, |sum: u64, count| sum.checked_add(*count));
        let whole = |followers: &Followers| known(followers) == Some(followers.steps) && followers.steps > 0;
        if (1..=ORDER_MAX).contains(&usize::from(self.order)) && self.histories.values().all(whole) {
            return Ok(());
        }
        Err("the counts of the paths do not add up")
    }

    fn number(&mut self, symbol: &str) -> Result<u32, LearnError> {
        if let Some(number) = self.symbols.get(symbol) {
            return Ok(*number);
        }
        if self.symbols.len() >= SYMBOLS_MAX {
            return Err(LearnError::Limit { what: "more different symbols in paths".to_owned(), max: SYMBOLS_MAX });
        }
        let number = u32::try_from(self.symbols.len()).expect("limited");
        self.symbols.insert(symbol.to_owned(), number);
        Ok(number)
    }

    #[allow(clippy::cast_precision_loss)] // Counts of steps fit a float exactly.
    fn probability(&self, before: &[u32], symbol: u32) -> f64 {
        let mut probability = 1.0 / (crate::to_f64(self.symbols.len()) + 1.0);
        for from in (0..=before.len()).rev() {
            let Some(followers) = self.histories.get(&before[from..]) else { break };
            let count = followers.by_symbol.get(&symbol).copied().unwrap_or(0) as f64;
            let different = followers.by_symbol.len() as f64;
            probability = (count + different * probability) / (followers.steps as f64 + different);
        }
        probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand packs went from maker to wholesaler to pharmacy, one straight to the pharmacy.
    fn seen() -> Paths {
        let mut paths = Paths::new(2).expect("a good order");
        for _ in 0..1000 {
            paths.add(["maker", "wholesaler", "pharmacy"]).expect("few symbols");
        }
        paths.add(["maker", "pharmacy"]).expect("few symbols");
        paths
    }

    #[test]
    fn a_rare_path_surprises_and_a_new_symbol_more() {
        let paths = seen();
        let usual = paths.surprisal(["maker", "wholesaler", "pharmacy"]);
        assert!(usual.total() < 0.1, "{usual:?}");
        let rare = paths.surprisal(["maker", "pharmacy"]);
        assert_eq!(rare.greatest().map(|(step, _)| step), Some(1));
        assert!((8.0..11.0).contains(&rare.total()), "one in a thousand is ten bits: {rare:?}");
        let never = paths.surprisal(["maker", "maker"]);
        let new = paths.surprisal(["maker", "stranger"]);
        assert!(rare.total() < never.total() && never.total() < new.total(), "{rare:?} {never:?} {new:?}");
        assert!(new.total().is_finite() && new.mean() < new.total());
        assert_eq!((paths.surprisal([]).total(), paths.surprisal([]).greatest()), (0.0, None));
    }

    #[test]
    fn probabilities_are_those_of_the_rule_and_add_up() {
        let mut paths = Paths::new(1).expect("a good order");
        paths.add(["a", "b", "a"]).expect("few symbols");
        // Of three steps a has 2 and b 1; both and what is new have 1/3 before: a has (2 + 2/3) / 5. After the beginning came
        // a, once: (1 + 8/15) / 2.
        let first = paths.surprisal(["a"]).total();
        assert!((first + (23.0_f64 / 30.0).log2()).abs() < 1e-12, "{first}");
        for before in [&[BEGIN][..], &[0], &[1], &[NEW]] {
            let sum: f64 = [0, 1, NEW].iter().map(|symbol| paths.probability(before, *symbol)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum} after {before:?}");
        }
    }

    #[test]
    fn what_is_usual_is_named() {
        let paths = seen();
        let (name, probability) = paths.usual(["maker"]).expect("seen");
        assert!(name == "wholesaler" && probability > 0.99, "{name} {probability}");
        assert_eq!(paths.usual([]).map(|(name, _)| name), Some("maker"));
        assert_eq!(
            paths.usual(["stranger", "maker"]).map(|(name, _)| name),
            Some("wholesaler"),
            "by the last step alone"
        );
        assert_eq!(Paths::new(2).expect("a good order").usual([]), None);
    }

    #[test]
    fn what_was_written_reads_the_same_and_limits_are_told() {
        let paths = seen();
        assert_eq!(paths.check(), Ok(()));
        let bytes = borsh::to_vec(&paths).expect("writes");
        assert_eq!(borsh::from_slice::<Paths>(&bytes).expect("reads"), paths);
        assert_eq!(bytes, borsh::to_vec(&seen()).expect("writes"), "the same again");
        assert_eq!(Paths::new(0).expect_err("no order").to_string(), "order is 0, expected 1 to 4");
        assert!(Paths::new(300).is_err());
        let mut broken = paths;
        broken.histories.values_mut().for_each(|followers| followers.steps += 1);
        assert!(broken.check().is_err());
    }
}
