//! Sites, parties and clients, and what master data says of them.

use hashbrown::HashMap;
use veridose_epcis::Header;
use veridose_epcis::model::{MasterDataElement, Value};
use veridose_gs1::Epc;
use xxhash_rust::xxh3::xxh3_128;

use super::names::{NONE, Names};
use super::step::last_word;

/// What a party does in the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// Nobody says, and its events do not tell.
    Unknown,
    /// Makes packs.
    Manufacturer,
    /// Makes packs of packs.
    Repackager,
    /// Buys and sells.
    Wholesaler,
    /// Gives to its own patients.
    Hospital,
    /// Supplies to the public.
    Pharmacy,
    /// Something else.
    Other,
}

impl Role {
    /// All roles; the place of one is its number.
    pub const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Manufacturer,
        Self::Repackager,
        Self::Wholesaler,
        Self::Hospital,
        Self::Pharmacy,
        Self::Other,
    ];

    /// Whether medicine ends there.
    pub const fn is_dispenser(self) -> bool {
        matches!(self, Self::Hospital | Self::Pharmacy)
    }

    /// Whether medicine passes through there on its way to those that dispense.
    pub const fn is_upstream(self) -> bool {
        matches!(self, Self::Manufacturer | Self::Repackager | Self::Wholesaler)
    }

    /// The word from which [`Role`] is read back.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Manufacturer => "manufacturer",
            Self::Repackager => "repackager",
            Self::Wholesaler => "wholesaler",
            Self::Hospital => "hospital",
            Self::Pharmacy => "pharmacy",
            Self::Other => "other",
        }
    }

    /// The role in explanations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "party of unknown role",
            Self::Manufacturer => "manufacturer",
            Self::Repackager => "repackager",
            Self::Wholesaler => "wholesaler",
            Self::Hospital => "hospital",
            Self::Pharmacy => "pharmacy",
            Self::Other => "other party",
        }
    }

    /// Reads a role in the words of master data.
    pub fn parse(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
        match () {
            () if has(&["repack", "relabel"]) => Self::Repackager,
            () if has(&["manufact", "marketing", "mah", "producer"]) => Self::Manufacturer,
            () if has(&["wholesal", "distribut", "logistic", "3pl", "importer", "parallel"]) => Self::Wholesaler,
            () if has(&["hospital", "clinic"]) => Self::Hospital,
            () if has(&["pharmac", "dispens", "retail", "drugstore"]) => Self::Pharmacy,
            () if text.trim().is_empty() => Self::Unknown,
            () => Self::Other,
        }
    }
}

/// What is known of a place or party. Coordinates in degrees.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// ISO 3166 code, upper case.
    pub country: Option<Box<str>>,
    /// Latitude and longitude.
    pub position: Option<(f64, f64)>,
    /// Role by master data.
    pub role: Option<Role>,
    /// The party to which the place belongs, as named by master data or by both standing at one end of a shipment.
    pub owner: Option<u32>,
    /// A name for people.
    pub name: Option<Box<str>>,
    /// Whether master data names it at all.
    pub is_listed: bool,
    /// Products, the 14 digits of each as a number, of which master data names it as a seller; in order.
    pub sells: Vec<u64>,
}

/// All places, parties and clients of a table. A place and a party of one GLN are one.
#[derive(Debug, Default)]
pub struct Places {
    names: Names,
    known: Vec<Known>,
    bases: Vec<u128>,
    /// The number of each spelling, by its hash: every event names places, and there are few of them.
    spelled: HashMap<u128, u32>,
}

impl Places {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The identifier as received; empty for [`NONE`].
    pub fn text(&self, id: u32) -> &str {
        self.names.text(id)
    }

    /// What is known of it.
    pub fn known(&self, id: u32) -> &Known {
        &self.known[id as usize]
    }

    pub(crate) fn known_mut(&mut self, id: u32) -> &mut Known {
        &mut self.known[id as usize]
    }

    /// Adds what is known of a place, and gives its number.
    pub fn add_known(&mut self, place: &str, known: Known) -> u32 {
        let id = self.intern(place);
        self.known[id as usize].join(known, true);
        id
    }

    /// The place of the GLN without its extension, if that is named too.
    pub(crate) fn base(&self, id: u32) -> Option<u32> {
        self.names.find(self.bases[id as usize]).filter(|base| *base != id)
    }

    /// The number of a place.
    pub fn intern(&mut self, uri: &str) -> u32 {
        let spelling = xxh3_128(uri.as_bytes());
        if let Some(id) = self.spelled.get(&spelling) {
            return *id;
        }
        let (key, base) = identity(uri);
        let id = self.insert(key, base, uri);
        self.spelled.insert(spelling, id);
        id
    }

    fn insert(&mut self, key: u128, base: u128, text: &str) -> u32 {
        let (id, is_new) = self.names.intern(key, text);
        if is_new {
            self.known.push(Known::default());
            self.bases.push(base);
        }
        id
    }

    /// Takes over another table's places; the result says what each is called here.
    pub(super) fn absorb(&mut self, other: Self) -> Vec<u32> {
        let ids: Vec<u32> = (0..other.len())
            .map(|at| {
                let id = u32::try_from(at).unwrap_or(NONE);
                self.insert(other.names.key(id), other.bases[at], other.names.text(id))
            })
            .collect();
        for (at, mut known) in other.known.into_iter().enumerate() {
            known.owner = known.owner.map(|owner| ids[owner as usize]);
            let owner_text = known.owner.map(|owner| self.text(owner).to_owned());
            let mine = self.known[ids[at] as usize].owner.map(|owner| self.text(owner).to_owned());
            self.known[ids[at] as usize].join(known, owner_text < mine);
        }
        ids
    }

    /// The same for each spelling of the place; another for each place.
    pub fn key(&self, id: u32) -> String {
        format!("{:032x}", self.names.key(id))
    }

    /// The key of the GLN without its extension, of a place that has one.
    pub fn base_key(&self, id: u32) -> Option<String> {
        let base = self.bases[id as usize];
        (base != self.names.key(id)).then(|| format!("{base:032x}"))
    }

    /// Takes what the header of a document says of places and parties.
    pub fn learn(&mut self, header: &Header) {
        for list in &header.master_data {
            match last_word(list.kind.as_str()) {
                "Location" | "Party" | "BusinessLocation" | "ReadPoint" | "SourceDest" => {}
                "EPCClass" => {
                    list.elements.iter().for_each(|product| self.learn_sellers(product));
                    continue;
                }
                _ => continue,
            }
            for element in &list.elements {
                let id = self.intern(element.id.as_str());
                let known = self.describe(element);
                self.known[id as usize].join(known, true);
                for child in &element.children {
                    let child = self.intern(child.as_str());
                    let owner = Known { owner: Some(id), ..Known::default() };
                    self.known[child as usize].join(owner, false);
                }
            }
        }
    }

    /// Who may sell a product (`veridose:authorisedSeller`, one attribute for each seller).
    fn learn_sellers(&mut self, product: &MasterDataElement) {
        let Some(gtin) = gtin(product.id.as_str()) else { return };
        let named = product.attributes.iter().map(|attribute| (last_word(attribute.id.as_str()), &attribute.value));
        let extended = product.extensions.iter().map(|(name, value)| (&*name.local, value));
        let sellers = named.chain(extended).filter(|(name, _)| *name == "authorisedSeller");
        for seller in sellers.filter_map(|(_, value)| Value::as_text(value)).map(str::trim).filter(|id| !id.is_empty())
        {
            self.add_known(seller, Known { sells: vec![gtin], ..Known::default() });
        }
    }

    fn describe(&mut self, element: &MasterDataElement) -> Known {
        let text = |names: &[&str]| {
            let named = element.attributes.iter().map(|attribute| (last_word(attribute.id.as_str()), &attribute.value));
            let extended = element.extensions.iter().map(|(name, value)| (&*name.local, value));
            let mut found = named.chain(extended).filter(|(name, _)| names.contains(name));
            found.find_map(|(_, value)| Value::as_text(value)).map(str::trim).filter(|text| !text.is_empty())
        };
        let degrees = |name, limit: f64| {
            text(&[name]).and_then(|text| text.parse::<f64>().ok()).filter(|degrees| degrees.abs() <= limit)
        };
        Known {
            country: text(&["countryCode", "country"]).map(|code| code.to_ascii_uppercase().into()),
            position: degrees("latitude", 90.0).zip(degrees("longitude", 180.0)),
            role: text(&["role", "partyRole", "businessRole"]).map(Role::parse),
            owner: text(&["owning_party", "owningParty", "possessing_party", "party", "owner"])
                .map(str::to_owned)
                .map(|owner| self.intern(&owner)),
            name: text(&["name", "siteName", "partyName", "organizationName"]).map(Into::into),
            is_listed: true,
            sells: Vec::new(),
        }
    }
}

impl Known {
    /// Adds what is not known yet; where two sources differ, the lesser value holds, so that their order does not matter.
    fn join(&mut self, other: Self, takes_owner: bool) {
        fn lesser<T>(mine: &mut Option<T>, other: Option<T>, is_less: impl Fn(&T, &T) -> bool) {
            match (&mine, other) {
                (None, other) => *mine = other,
                (Some(held), Some(other)) if is_less(&other, held) => *mine = Some(other),
                (Some(_), _) => {}
            }
        }
        lesser(&mut self.country, other.country, |a, b| a < b);
        lesser(&mut self.position, other.position, |a, b| a < b);
        lesser(&mut self.role, other.role, |a, b| a < b);
        lesser(&mut self.name, other.name, |a, b| a < b);
        if other.owner.is_some() && (self.owner.is_none() || takes_owner) {
            self.owner = other.owner;
        }
        self.is_listed |= other.is_listed;
        for gtin in other.sells {
            if let Err(at) = self.sells.binary_search(&gtin) {
                self.sells.insert(at, gtin);
            }
        }
    }
}

/// The key of a place, and that of its GLN without extension.
fn identity(uri: &str) -> (u128, u128) {
    let of = |text: String| xxh3_128(text.as_bytes());
    match Epc::parse(uri) {
        Ok(Epc::Pgln(gln)) => {
            let key = of(format!("gln:{gln}"));
            (key, key)
        }
        Ok(Epc::Sgln(place)) => {
            let base = of(format!("gln:{}", place.gln()));
            match place.extension() {
                Some(extension) => (of(format!("gln:{}/{}", place.gln(), extension.as_str())), base),
                None => (base, base),
            }
        }
        Ok(_) | Err(_) if is_gln(uri) => {
            let key = of(format!("gln:{uri}"));
            (key, key)
        }
        Ok(_) | Err(_) => {
            let key = xxh3_128(uri.as_bytes());
            (key, key)
        }
    }
}

/// The product of a class, also of one that names a lot or a pack of it.
fn gtin(uri: &str) -> Option<u64> {
    Some(Epc::parse(uri).ok()?.gtin()?.number())
}

/// Whether the text is the 13 digits of a GLN alone.
fn is_gln(text: &str) -> bool {
    text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit())
}
