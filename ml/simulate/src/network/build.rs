//! Founds the companies.

use veridose_gs1::with_check_digit;

use super::{Listing, Network, Product, Role, Site};
use crate::chance::{Chance, number, whole};
use crate::event::SiteId;
use crate::geography::COUNTRIES;
use crate::options::{OPENING_DAYS, Options};

/// GS1 prefix for demonstrations and examples.
const GLN_BASE: u64 = 952_000_000_000;
const GTIN_BASE: u64 = 952_000_000_000;

/// Packs that a pharmacy and a hospital dispense on a day, about.
const PHARMACY_PACKS: f64 = 35.0;
const HOSPITAL_PACKS: f64 = 90.0;

const NAMES: [&str; 24] = [
    "Amoxicillin 500 mg",
    "Insulin glargine 100 IU/ml",
    "Metformin 850 mg",
    "Atorvastatin 20 mg",
    "Salbutamol 100 ug",
    "Varicella vaccine",
    "Amlodipine 5 mg",
    "Levothyroxine 50 ug",
    "Omeprazole 20 mg",
    "Ceftriaxone 1 g",
    "Trastuzumab 150 mg",
    "Enoxaparin 40 mg",
    "Artemether/lumefantrine 20/120 mg",
    "Losartan 50 mg",
    "Semaglutide 1 mg",
    "Ibuprofen 400 mg",
    "Oxytocin 10 IU/ml",
    "Dolutegravir 50 mg",
    "Meropenem 1 g",
    "Azithromycin 250 mg",
    "Morphine 10 mg",
    "Rituximab 500 mg",
    "Hydrocortisone 100 mg",
    "Fluconazole 150 mg",
];
/// Those of them that are kept cold.
const COLD: [usize; 6] = [1, 5, 10, 14, 16, 21];
/// Those that keep for weeks only, so that some expire on the shelf.
const SHORT_DATED: [usize; 2] = [5, 16];
/// How many products are also sold by a repackager in another country.
const REPACKAGED: usize = 3;

impl Network {
    pub(crate) fn build(options: &Options) -> Self {
        let mut chance = Chance::new(options.seed, crate::chance::Stream::Network);
        let daily =
            number(usize::try_from(options.packs).unwrap_or(usize::MAX)) / f64::from(options.days - OPENING_DAYS);
        let mut network = Self { sites: Vec::new(), products: Vec::new(), listings: Vec::new() };
        network.found_sites(daily, &mut chance);
        network.found_products(daily, &mut chance);
        network.list_products(daily, &mut chance);
        network
    }

    fn found_sites(&mut self, daily: f64, chance: &mut Chance) {
        let countries = COUNTRIES.len();
        let several = |share: f64, low: usize, high: usize| (whole(share) as usize).clamp(low, high);
        let pharmacies = several(daily * 0.7 / PHARMACY_PACKS, 2 * countries, 500_000);
        let hospitals = several(daily * 0.3 / HOSPITAL_PACKS, countries, 100_000);
        let wholesalers = countries * several(number(pharmacies) / 600.0, 2, 8);
        for (role, count) in [
            (Role::Manufacturer, several(daily / 4_000.0, 4, 12)),
            (Role::Repackager, 2),
            (Role::Wholesaler, wholesalers),
            (Role::Broker, 3),
            (Role::Hospital, hospitals),
            (Role::Pharmacy, pharmacies),
        ] {
            (0..count).for_each(|index| self.found(role, index, chance));
        }
        let depots: Vec<SiteId> = self.of(Role::Wholesaler).collect();
        for id in 0..self.sites.len() {
            if self.sites[id].is_retail() {
                let near: Vec<SiteId> = depots.iter().copied().filter(|depot| self.same_country(id, *depot)).collect();
                self.sites[id].supplier = *chance.pick(&near).expect("every country has a wholesaler");
            }
        }
        self.listings = vec![Vec::new(); self.sites.len()];
    }

    fn found(&mut self, role: Role, index: usize, chance: &mut Chance) {
        let country = index % COUNTRIES.len();
        let (city, latitude, longitude) = *chance.pick(&COUNTRIES[country].cities).expect("a country has cities");
        let mut about = |degrees: f64| (1e4 * (degrees + (chance.unit() - 0.5) * 0.6)).round() / 1e4;
        let (latitude, longitude) = (about(latitude), about(longitude));
        let gln = with_check_digit(GLN_BASE + 1 + self.sites.len() as u64);
        self.sites.push(Site { gln, role, country, city, latitude, longitude, supplier: 0 });
    }

    fn found_products(&mut self, daily: f64, chance: &mut Chance) {
        let makers: Vec<SiteId> = self.of(Role::Manufacturer).collect();
        let repackagers: Vec<SiteId> = self.of(Role::Repackager).collect();
        let depots: Vec<SiteId> = self.of(Role::Wholesaler).collect();
        let count = NAMES.len() + (whole(daily / 500.0) as usize).min(36);
        for index in 0..count {
            let base = index % NAMES.len();
            let maker = makers[index % makers.len()];
            let mut sellers = vec![maker];
            let kept = |at: &usize, chance: &mut Chance| at.is_multiple_of(2) || !chance.happens(0.2);
            sellers.extend((0..depots.len()).filter(|at| kept(&(at / COUNTRIES.len()), chance)).map(|at| depots[at]));
            let name = if index == base { NAMES[base].to_owned() } else { format!("{} G{index}", NAMES[base]) };
            self.products.push(Product {
                gtin: Self::gtin(maker, index),
                name,
                maker,
                cold: COLD.contains(&base),
                shelf_days: if SHORT_DATED.contains(&base) { 50 } else { 730 },
                case: [10, 20, 20, 40][chance.below(4)],
                price: whole(chance.lognormal(12.0, 1.4)).max(2),
                season: (if chance.happens(0.5) { 0.4 } else { 0.1 }, 365.0 * chance.unit()),
                source: None,
                sellers,
                popularity: 1.0 / number(index + 2).powf(0.8),
            });
        }
        for (turn, source) in [0, 3, 13].into_iter().take(REPACKAGED).enumerate() {
            let maker = repackagers[turn % repackagers.len()];
            let home = depots.iter().copied().filter(|depot| self.sites[*depot].country == (turn + 1) % 3);
            let original = self.products[source].clone();
            let product = Product {
                gtin: Self::gtin(maker, count + turn),
                name: format!("{} import", original.name),
                maker,
                source: Some(source),
                sellers: std::iter::once(maker).chain(home).collect(),
                popularity: original.popularity * 0.5,
                ..original
            };
            self.products.push(product);
        }
    }

    fn gtin(maker: SiteId, index: usize) -> u64 {
        with_check_digit(GTIN_BASE + (maker as u64 + 1) * 100_000 + index as u64)
    }

    fn list_products(&mut self, daily: f64, chance: &mut Chance) {
        let mut total = 0.0;
        for id in 0..self.sites.len() {
            let site = &self.sites[id];
            if !site.is_retail() {
                continue;
            }
            let hospital = site.role == Role::Hospital;
            let volume = chance.lognormal(if hospital { HOSPITAL_PACKS } else { PHARMACY_PACKS }, 0.4);
            for (index, product) in self.products.iter().enumerate() {
                if !product.sellers.contains(&site.supplier) || !chance.happens(0.6) {
                    continue;
                }
                let rate = volume * product.popularity * chance.lognormal(1.0, 0.5);
                let lumpy = chance.happens(if hospital { 0.5 } else { 0.2 });
                let lumpy = lumpy.then(|| 2.0 + chance.unit() * if hospital { 8.0 } else { 2.0 });
                total += rate;
                self.listings[id].push(Listing { product: index, rate, lumpy });
            }
        }
        for listing in self.listings.iter_mut().flatten() {
            listing.rate *= daily / total;
        }
    }
}
