//! What may be asked for at one shelf, day by day.

use super::report::{Position, Report};
use crate::forecast::{Outlook, Panel, Period, Series, Settings, predict};

/// Other shelves of the product whose forecasts' errors are pooled with this one's, at most: the more, the longer it takes.
const SIBLINGS_MAX: usize = 7;

/// Foresees the packs that a shelf gives out on each of so many days after the report's last one. Errors are pooled with those of
/// other shelves of the product. Nothing where the shelf has no history, or the horizon makes no sense.
pub fn demand(report: &Report, position: &Position, horizon: usize) -> Vec<Outlook> {
    let siblings = report.positions.iter().filter(|other| other.gtin == position.gtin && other.place != position.place);
    let shelves = std::iter::once(position).chain(siblings.take(SIBLINGS_MAX));
    let Some(end) = report.today.as_deref().and_then(|today| Period::parse(today).ok()) else { return Vec::new() };
    let series = shelves.filter_map(|shelf| {
        // A shelf's history begins with the first pack that it gave out.
        let begin = shelf.days.iter().position(|day| day.dispensed > 0)?;
        let values: Vec<f64> = shelf.days[begin..].iter().map(|day| f64::from(day.dispensed)).collect();
        Some(Series { name: shelf.place.clone(), start: end.minus(values.len() - 1), values })
    });
    let panel = Panel { frequency: end.frequency(), end, series: series.collect() };
    let settings = Settings { horizon, season: end.frequency().cycle() };
    let predictions = predict(&panel, &settings).unwrap_or_default();
    predictions.into_iter().find(|foreseen| foreseen.series == position.place).map_or_else(Vec::new, |own| own.outlook)
}
