//! The countries and cities in which the invented companies sit.

/// A country of the trade.
#[derive(Debug)]
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(crate) code: &'static str,
    /// What its clocks show beyond UTC, all year.
    pub(crate) offset_minutes: i32,
    /// Name, latitude, longitude (WGS 84).
    pub(crate) cities: [(&'static str, f64, f64); 4],
}

/// All of them.
pub(crate) const COUNTRIES: [Country; 6] = [
    Country {
        code: "DE",
        offset_minutes: 60,
        cities: [("Berlin", 52.52, 13.4), ("Hamburg", 53.55, 9.99), ("Munich", 48.14, 11.58), ("Cologne", 50.94, 6.96)],
    },
    Country {
        code: "FR",
        offset_minutes: 60,
        cities: [("Paris", 48.86, 2.35), ("Lyon", 45.76, 4.84), ("Toulouse", 43.6, 1.44), ("Lille", 50.63, 3.06)],
    },
    Country {
        code: "PL",
        offset_minutes: 60,
        cities: [
            ("Warsaw", 52.23, 21.01),
            ("Krakow", 50.06, 19.94),
            ("Gdansk", 54.35, 18.65),
            ("Wroclaw", 51.11, 17.04),
        ],
    },
    Country {
        code: "KE",
        offset_minutes: 180,
        cities: [
            ("Nairobi", -1.29, 36.82),
            ("Mombasa", -4.04, 39.67),
            ("Kisumu", -0.09, 34.77),
            ("Eldoret", 0.51, 35.27),
        ],
    },
    Country {
        code: "IN",
        offset_minutes: 330,
        cities: [
            ("Mumbai", 19.08, 72.88),
            ("Delhi", 28.61, 77.21),
            ("Chennai", 13.08, 80.27),
            ("Kolkata", 22.57, 88.36),
        ],
    },
    Country {
        code: "BR",
        offset_minutes: -180,
        cities: [
            ("Sao Paulo", -23.55, -46.63),
            ("Recife", -8.05, -34.88),
            ("Brasilia", -15.79, -47.88),
            ("Manaus", -3.12, -60.02),
        ],
    },
];

/// The way over the ground between two places in degrees, in kilometres (haversine, mean radius of the earth).
pub(crate) fn distance_km(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (lat1, lat2) = (from.0.to_radians(), to.0.to_radians());
    let (dlat, dlon) = (lat2 - lat1, (to.1 - from.1).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * 6371.0 * h.sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn berlin_to_paris_is_some_878_kilometres() {
        let found = distance_km((52.52, 13.405), (48.8566, 2.3522));
        assert!((found - 878.0).abs() < 3.0, "{found}");
    }
}
