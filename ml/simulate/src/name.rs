//! The names of packs, lots, containers and places, as GS1 Digital Link URIs.

use time::Date;
use veridose_gs1::with_check_digit;

use crate::event::{Epc, Pack, SiteId};
use crate::network::Network;

/// A lot that was made. Days count from the first of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lot {
    pub(crate) product: usize,
    pub(crate) expiry: u32,
    /// Packs that it has.
    pub(crate) packs: u32,
}

/// Serial numbers have twelve characters of 36.
const SERIAL_CHARS: usize = 12;
const SERIALS: u128 = 36_u128.pow(12);
/// Shares no factor with [`SERIALS`], so that no two packs get one serial number.
const STRIDE: u128 = 2_862_933_555_777_941_757 - 4;
const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What names are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) network: &'a Network,
    pub(crate) lots: &'a [Lot],
    pub(crate) seed: u64,
    pub(crate) start: Date,
}

impl Names<'_> {
    pub(crate) fn uri(&self, epc: &Epc) -> String {
        match epc {
            Epc::Pack(pack) => self.pack(*pack),
            Epc::Container(container) => sscc(*container),
            Epc::Invented(uri) => uri.to_string(),
        }
    }

    pub(crate) fn pack(&self, pack: Pack) -> String {
        self.sgtin(self.lots[pack.lot as usize].product, &self.serial(pack))
    }

    /// A pack of the product with this serial number.
    pub(crate) fn sgtin(&self, product: usize, serial: &str) -> String {
        format!("https://id.gs1.org/01/{:014}/21/{serial}", self.network.products[product].gtin)
    }

    /// Serial numbers look random, as they have to by law (Delegated Regulation 2016/161, Art. 4).
    pub(crate) fn serial(&self, pack: Pack) -> String {
        let place = u128::from(pack.lot) << 24 | u128::from(pack.number);
        let scrambled = (place * STRIDE + u128::from(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))) % SERIALS;
        base36(scrambled, SERIAL_CHARS)
    }

    /// Six characters: with a serial number and the AI before it, they are as long as a serial number may be.
    pub(crate) fn lot(&self, lot: u32) -> String {
        let product = self.lots[lot as usize].product;
        let letter = |index: usize| char::from(DIGITS[10 + index % 26]);
        format!("{}{}{}", letter(product), letter(product / 26 + 11), base36(u128::from(lot), 4))
    }

    /// A lot of a product, as a class of things.
    pub(crate) fn lot_class(&self, lot: u32) -> String {
        let product = self.lots[lot as usize].product;
        format!("https://id.gs1.org/01/{:014}/10/{}", self.network.products[product].gtin, self.lot(lot))
    }

    pub(crate) fn expiry(&self, lot: u32) -> Date {
        self.day(self.lots[lot as usize].expiry)
    }

    pub(crate) fn day(&self, day: u32) -> Date {
        self.start.saturating_add(time::Duration::days(i64::from(day)))
    }

    pub(crate) fn site(&self, site: SiteId) -> String {
        format!("https://id.gs1.org/414/{:013}", self.network.sites[site].gln)
    }
}

fn sscc(number: u64) -> String {
    format!("https://id.gs1.org/00/{:018}", with_check_digit(9_520_000_000_000_000 + number))
}

/// The last digits of a number in base 36.
pub(crate) fn base36(mut value: u128, digits: usize) -> String {
    let mut text = vec![b'0'; digits];
    for place in text.iter_mut().rev() {
        *place = DIGITS[usize::try_from(value % 36).expect("below 36")];
        value /= 36;
    }
    String::from_utf8(text).expect("digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_packs_share_a_serial_number() {
        let gcd = |mut a: u128, mut b: u128| {
            while b > 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        assert_eq!(gcd(STRIDE, SERIALS), 1);
        const { assert!(1_u128 << 56 < SERIALS) };
    }
}
