//! The things that events name: packs, containers, lots, products.

use veridose_gs1::{Epc, Gtin, plain_pack};
use xxhash_rust::xxh3::xxh3_128;

use super::names::Names;

/// What kind of thing an identifier names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ThingKind {
    /// A pack or case with a serial number of its own (SGTIN).
    Pack,
    /// A logistic unit (SSCC) or returnable container.
    Container,
    /// A lot (LGTIN).
    Lot,
    /// A product (GTIN).
    Product,
    /// Anything else that has an identifier.
    Other,
}

impl ThingKind {
    /// All kinds; the place of one is its number.
    pub const ALL: [Self; 5] = [Self::Pack, Self::Container, Self::Lot, Self::Product, Self::Other];
}

/// All things of a table. The same thing is one, whether it came as a URN or as a Digital Link.
#[derive(Debug, Default)]
pub struct Things {
    names: Names,
    kinds: Vec<ThingKind>,
    gtins: Vec<u64>,
}

impl Things {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The identifier as received.
    pub fn text(&self, id: u32) -> &str {
        self.names.text(id)
    }

    /// What it is.
    pub fn kind(&self, id: u32) -> ThingKind {
        self.kinds[id as usize]
    }

    /// The 14 digits of its product as a number; 0 where it has none.
    pub fn gtin(&self, id: u32) -> u64 {
        self.gtins[id as usize]
    }

    /// A name that is the same however the identifier was spelled.
    pub(crate) fn cause(&self, id: u32) -> String {
        format!("thing {:032x}", self.names.key(id))
    }

    /// The serial number of a pack.
    pub fn serial(&self, id: u32) -> Option<String> {
        Some(Epc::parse(self.text(id)).ok()?.sgtin()?.serial.as_str().to_owned())
    }

    /// The lot number of a lot.
    pub fn lot(&self, id: u32) -> Option<String> {
        Some(Epc::parse(self.text(id)).ok()?.lot()?.as_str().to_owned())
    }

    /// The thing of this identifier, however it is spelled, if it is named anywhere.
    pub fn find(&self, uri: &str) -> Option<u32> {
        self.names.find(identity(uri).2)
    }

    /// The pack of this product and serial number, if it is named anywhere.
    pub fn find_pack(&self, gtin: u64, serial: &str) -> Option<u32> {
        self.names.find(key(b'P', gtin, serial))
    }

    /// The lot of a product, if it is named as a class.
    pub(crate) fn find_lot(&self, gtin: u64, lot: &str) -> Option<u32> {
        self.names.find(key(b'L', gtin, lot))
    }

    /// A product as a class, if it is named.
    pub(crate) fn find_product(&self, gtin: u64) -> Option<u32> {
        self.names.find(key(b'G', gtin, ""))
    }

    pub(crate) fn intern(&mut self, uri: &str) -> u32 {
        let (kind, gtin, key) = identity(uri);
        let interned = self.names.intern(key, uri);
        self.know(interned, kind, gtin)
    }

    /// Takes over another table's things; the result says what each is called here.
    pub(super) fn absorb(&mut self, other: &Self) -> Vec<u32> {
        let taken = self.names.absorb(&other.names);
        let kinds = other.kinds.iter().zip(&other.gtins);
        taken.into_iter().zip(kinds).map(|(taken, (kind, gtin))| self.know(taken, *kind, *gtin)).collect()
    }

    fn know(&mut self, (id, is_new): (u32, bool), kind: ThingKind, gtin: u64) -> u32 {
        if is_new {
            self.kinds.push(kind);
            self.gtins.push(gtin);
        }
        id
    }
}

/// What a URI names. One that cannot be parsed is a thing of its own: a partner may name things its own way.
pub(super) fn identity(uri: &str) -> (ThingKind, u64, u128) {
    if let Some((gtin, serial)) = plain_pack(uri) {
        return (ThingKind::Pack, gtin.number(), key(b'P', gtin.number(), serial));
    }
    match Epc::parse(uri) {
        Ok(Epc::Sgtin(pack)) => {
            let gtin = pack.gtin.number();
            (ThingKind::Pack, gtin, key(b'P', gtin, pack.serial.as_str()))
        }
        Ok(Epc::Lgtin(gtin, lot)) => (ThingKind::Lot, gtin.number(), key(b'L', gtin.number(), lot.as_str())),
        Ok(Epc::Gtin(gtin)) => (ThingKind::Product, gtin.number(), key(b'G', Gtin::number(gtin), "")),
        Ok(Epc::Sscc(sscc)) => (ThingKind::Container, 0, key(b'C', sscc.number(), "")),
        Ok(epc @ (Epc::Sgln(_) | Epc::Pgln(_) | Epc::Key(_))) => {
            (ThingKind::Other, 0, xxh3_128(epc.digital_link().as_bytes()))
        }
        Ok(Epc::Other(_)) | Err(_) => (ThingKind::Other, 0, xxh3_128(uri.as_bytes())),
    }
}

fn key(tag: u8, number: u64, text: &str) -> u128 {
    // Nearly all serial numbers and lots are that short; a code that was read wrongly may be longer.
    let mut short = [0; 48];
    let mut long = Vec::new();
    let bytes = if let Some(short) = short.get_mut(..9 + text.len()) {
        short
    } else {
        long.resize(9 + text.len(), 0);
        &mut long[..]
    };
    bytes[0] = tag;
    bytes[1..9].copy_from_slice(&number.to_le_bytes());
    bytes[9..].copy_from_slice(text.as_bytes());
    xxh3_128(bytes)
}
