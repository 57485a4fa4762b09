//! Who trades in what: invented companies, their places and products.

mod build;

use crate::geography::{COUNTRIES, Country, distance_km};

use crate::event::{Moment, SiteId};

/// What a party does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Manufacturer,
    Repackager,
    Wholesaler,
    /// Trades without an authorisation of anybody; honest trade never meets one.
    Broker,
    Hospital,
    Pharmacy,
}

impl Role {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Manufacturer => "manufacturer",
            Self::Repackager => "repackager",
            Self::Wholesaler => "wholesaler",
            Self::Broker => "broker",
            Self::Hospital => "hospital",
            Self::Pharmacy => "pharmacy",
        }
    }
}

/// A party and its place.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) gln: u64,
    pub(crate) role: Role,
    country: usize,
    pub(crate) city: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    /// Where a pharmacy or hospital orders.
    pub(crate) supplier: SiteId,
}

impl Site {
    pub(crate) fn country(&self) -> &'static Country {
        &COUNTRIES[self.country]
    }

    pub(crate) fn is_retail(&self) -> bool {
        matches!(self.role, Role::Hospital | Role::Pharmacy)
    }

    /// The moment of a local time of day on the day that begins at `midnight` UTC.
    pub(crate) fn at(&self, midnight: Moment, seconds: i64) -> Moment {
        midnight + seconds - i64::from(self.country().offset_minutes) * 60
    }
}

/// A medicine in a package.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) gtin: u64,
    pub(crate) name: String,
    pub(crate) maker: SiteId,
    /// Kept between 2 and 8 °C.
    pub(crate) cold: bool,
    pub(crate) shelf_days: u32,
    /// Packs of a case.
    pub(crate) case: u32,
    /// Euros.
    pub(crate) price: u32,
    /// Share by which demand swings over the year, and the day of its peak.
    pub(crate) season: (f64, f64),
    /// What it is repackaged from.
    pub(crate) source: Option<usize>,
    /// Who may sell it.
    pub(crate) sellers: Vec<SiteId>,
    popularity: f64,
}

impl Product {
    /// Whether it keeps for weeks only.
    pub(crate) const fn is_short_dated(&self) -> bool {
        self.shelf_days < 180
    }

    /// Days of demand below which a wholesaler orders, and up to which.
    pub(crate) const fn cover_days(&self) -> (f64, f64) {
        match (self.is_short_dated(), self.source) {
            (true, _) => (10.0, 16.0),
            // What is repackaged takes two journeys.
            (false, Some(_)) => (30.0, 45.0),
            (false, None) => (25.0, 36.0),
        }
    }
}

/// One product at a pharmacy or hospital.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) product: usize,
    /// Packs wanted on a day in the mean.
    pub(crate) rate: f64,
    /// Mean size of a demand, where it comes now and then.
    pub(crate) lumpy: Option<f64>,
}

/// Everybody and everything.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) sites: Vec<Site>,
    pub(crate) products: Vec<Product>,
    /// By site; none but of pharmacies and hospitals.
    pub(crate) listings: Vec<Vec<Listing>>,
}

impl Network {
    /// The sites of a role.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = SiteId> + '_ {
        self.sites.iter().enumerate().filter(move |(_, site)| site.role == role).map(|(id, _)| id)
    }

    pub(crate) fn same_country(&self, one: SiteId, other: SiteId) -> bool {
        self.sites[one].country == self.sites[other].country
    }

    pub(crate) fn distance_km(&self, one: SiteId, other: SiteId) -> f64 {
        let place = |site: SiteId| (self.sites[site].latitude, self.sites[site].longitude);
        distance_km(place(one), place(other))
    }
}
