//! Lead times in the shape of real shipments of health goods.
//!
//! Of USAID's SCMS shipments 11.5 % came late, by 12 days in the median, 51 at the ninth decile, 164 at the 99th percentile:
//! a log-normal. Order to delivery took 7, 92, 208 and 341 days at the 10th, 50th, 90th and 99th percentile. Both are
//! shortened to the scale of the trade here, which orders from stock.

use crate::chance::{Chance, whole};

const LATE: f64 = 0.115;
const LATE_MEDIAN_DAYS: f64 = 12.0;
/// ln(51 / 12) divided by the ninth decile of the standard normal.
const LATE_SIGMA: f64 = 1.129;
/// Order to delivery: share of shipments, days.
const QUANTILES: [(f64, f64); 6] = [(0.0, 2.0), (0.1, 7.0), (0.5, 92.0), (0.9, 208.0), (0.99, 341.0), (1.0, 400.0)];

/// Maker to wholesaler: an eighth of the real times.
pub(crate) fn supply_days(chance: &mut Chance) -> u32 {
    days(chance, 1.0 / 8.0).clamp(2, 75)
}

/// Wholesaler to pharmacy or hospital: the next day, but for the late ones.
pub(crate) fn delivery_days(chance: &mut Chance) -> u32 {
    let on_time = 1.0 + order_to_delivery(chance.unit()) / 400.0;
    whole(on_time + lateness(chance) / 8.0).clamp(1, 30)
}

fn days(chance: &mut Chance, scale: f64) -> u32 {
    whole(scale * (order_to_delivery(chance.unit()) + lateness(chance)) + 0.5)
}

fn lateness(chance: &mut Chance) -> f64 {
    let days = chance.lognormal(LATE_MEDIAN_DAYS, LATE_SIGMA);
    if chance.happens(LATE) { days } else { 0.0 }
}

fn order_to_delivery(share: f64) -> f64 {
    let after = QUANTILES.iter().position(|(up_to, _)| share < *up_to).unwrap_or(QUANTILES.len() - 1).max(1);
    let ((low, from), (high, to)) = (QUANTILES[after - 1], QUANTILES[after]);
    from + (to - from) * (share - low) / (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::{Stream, number};

    #[test]
    fn the_shape_is_that_of_the_shipments() {
        let mut chance = Chance::new(7, Stream::Trade);
        let mut late: Vec<f64> = (0..40_000).map(|_| lateness(&mut chance)).filter(|days| *days > 0.0).collect();
        late.sort_by(f64::total_cmp);
        assert!((number(late.len()) / 40_000.0 - LATE).abs() < 0.01);
        let at = |share: f64| late[whole(share * number(late.len())) as usize];
        assert!((at(0.5) - 12.0).abs() < 1.0 && (at(0.9) - 51.0).abs() < 6.0, "{} {}", at(0.5), at(0.9));
        assert!((order_to_delivery(0.5) - 92.0).abs() < 1e-9 && (order_to_delivery(0.99) - 341.0).abs() < 1e-9);
    }
}
