//! The fan: demand of late, day by day, and what may come of it, as a picture and as a table of the same numbers.

use maud::{Markup, html};
use time::{Date, Duration};
use veridose_ml::forecast::Outlook;

use crate::pages::words::Words;

/// Days of the past that are shown.
const PAST_DAYS: usize = 56;
/// Days from one name of a day to the next.
const NAMED_DAYS: usize = 14;
/// The picture's sides and its margins, in its own units.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;
/// Lines across, about.
const LINES: f64 = 4.0;

/// What is drawn: packs of each day of the past, the last of which is `today`, and the days foreseen.
pub(super) struct Fan<'a> {
    pub(super) today: Date,
    pub(super) past: &'a [f64],
    pub(super) ahead: &'a [Outlook],
}

/// From days and packs to places in the picture.
struct Scale {
    days: usize,
    step: f64,
    most: f64,
}

impl Scale {
    fn x(&self, day: usize) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * number(day) / number(self.days.saturating_sub(1).max(1))
    }

    fn y(&self, packs: f64) -> f64 {
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * packs / self.most
    }

    fn points(&self, values: impl Iterator<Item = (usize, f64)>) -> String {
        let points = values.map(|(day, packs)| format!("{:.1},{:.1}", self.x(day), self.y(packs)));
        points.collect::<Vec<_>>().join(" ")
    }
}

#[expect(clippy::cast_precision_loss, reason = "days of a year")]
fn number(count: usize) -> f64 {
    count as f64
}

impl Fan<'_> {
    fn shown(&self) -> &[f64] {
        &self.past[self.past.len().saturating_sub(PAST_DAYS)..]
    }

    fn scale(&self) -> Scale {
        let ahead = self.ahead.iter().map(|day| day.bounds_95.1.max(day.mean));
        let most = self.shown().iter().copied().chain(ahead).fold(1.0, f64::max);
        let step = step(most / LINES);
        Scale { days: self.shown().len() + self.ahead.len(), step, most: (most / step).ceil() * step }
    }

    /// A band from one bound to the other and back. It begins at the last day of the past.
    fn band(&self, scale: &Scale, bounds: fn(&Outlook) -> (f64, f64)) -> String {
        let begin = self.shown().len();
        let last = self.shown().last().map(|packs| (begin - 1, *packs));
        let low = self.ahead.iter().enumerate().map(|(at, day)| (begin + at, bounds(day).0.max(0.0)));
        let high = self.ahead.iter().enumerate().map(|(at, day)| (begin + at, bounds(day).1));
        scale.points(last.into_iter().chain(low).chain(high.rev()))
    }

    fn day(&self, at: usize) -> Date {
        let days = i64::try_from(at).unwrap_or(0) + 1 - i64::try_from(self.shown().len()).unwrap_or(0);
        self.today.saturating_add(Duration::days(days))
    }

    /// The picture.
    pub(super) fn picture(&self, words: &Words) -> Markup {
        let (scale, begin) = (self.scale(), self.shown().len());
        let history = scale.points(self.shown().iter().copied().enumerate());
        let last = self.shown().last().map(|packs| (begin - 1, *packs));
        let mean =
            scale.points(last.into_iter().chain(self.ahead.iter().enumerate().map(|(at, day)| (begin + at, day.mean))));
        html! {
            svg.fan viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby="fan-title fan-how" {
                title #fan-title { (words.say("stock-fan")) }
                desc #fan-how { (words.say("stock-fan-how")) }
                (self.grid(words, &scale))
                @if !self.ahead.is_empty() {
                    polygon.band95 points=(self.band(&scale, |day| day.bounds_95)) {}
                    polygon.band80 points=(self.band(&scale, |day| day.tenths)) {}
                }
                polyline.history points=(history) {}
                @if !self.ahead.is_empty() { polyline.mean points=(mean) {} }
                @let now = format!("{:.1}", scale.x(begin.saturating_sub(1)));
                line.now x1=(now) x2=(now) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
            }
        }
    }

    fn grid(&self, words: &Words, scale: &Scale) -> Markup {
        let lines = (0..=8_u8).map(|line| f64::from(line) * scale.step).take_while(|packs| *packs <= scale.most);
        let decimals = usize::from(scale.step < 1.0);
        let from_today = NAMED_DAYS + 1 - self.shown().len() % NAMED_DAYS;
        let named = (0..scale.days).filter(|day| (day + from_today).is_multiple_of(NAMED_DAYS));
        html! {
            @for packs in lines {
                @let y = format!("{:.1}", scale.y(packs));
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(y) y2=(y) {}
                text.tick x=(LEFT - 8.0) y=(y) dy="4" text-anchor="end" { (words.number(packs, decimals)) }
            }
            @for day in named {
                @let x = format!("{:.1}", scale.x(day));
                line.grid x1=(x) x2=(x) y1=(HEIGHT - BOTTOM) y2=(HEIGHT - BOTTOM + 5.0) {}
                text.tick x=(x) y=(HEIGHT - 10.0) text-anchor=(if day + 3 > scale.days { "end" } else { "middle" }) { (words.short_day(self.day(day))) }
            }
        }
    }

    /// The days foreseen with the probability that the shelf is empty by each, and the days of late.
    pub(super) fn tables(&self, words: &Words, empty_by: &[f64]) -> Markup {
        let packs = |value: f64| words.number(value, 1);
        let first = self.shown().len();
        html! {
            div.wide tabindex="0" role="region" aria-label=(words.say("stock-fan-ahead")) {
                table.numbers {
                    caption { (words.say("stock-fan-ahead")) }
                    thead { tr {
                        @for key in ahead_headings(words) { th scope="col" { (key) } }
                    } }
                    tbody { @for (at, day) in self.ahead.iter().enumerate() { tr {
                        th scope="row" { (words.day(self.day(first + at))) }
                        td { (packs(day.mean)) }
                        td { (packs(day.tenths.0.max(0.0))) " – " (packs(day.tenths.1)) }
                        td { (packs(day.bounds_95.0.max(0.0))) " – " (packs(day.bounds_95.1)) }
                        td { @if let Some(share) = empty_by.get(at) { (words.percent(*share)) } }
                    } } }
                }
            }
            details {
                summary { (words.say("stock-fan-past")) }
                table.numbers {
                    thead { tr { th scope="col" { (words.say("stock-day")) } th scope="col" { (words.say("stock-given-out")) } } }
                    tbody { @for (at, given) in self.shown().iter().enumerate().rev() { tr {
                        th scope="row" { (words.day(self.day(at))) } td { (words.number(*given, 0)) }
                    } } }
                }
            }
        }
    }
}

/// What the lines and bands stand for.
pub(super) fn legend(words: &Words) -> Markup {
    let parts = [
        ("history", words.say("stock-fan-history")),
        ("mean", words.say("stock-fan-mean")),
        ("band80", words.say("stock-fan-80")),
        ("band95", words.say("stock-fan-95")),
    ];
    html! {
        ul.legend { @for (class, said) in parts { li {
            svg.key viewBox="0 0 28 14" aria-hidden="true" focusable="false" {
                @if class.starts_with("band") { rect.(class) width="28" height="14" {} }
                @else { polyline.(class) points="1,10 10,4 18,9 27,5" {} }
            }
            " " (said)
        } } }
    }
}

fn ahead_headings(words: &Words) -> [String; 5] {
    [
        words.say("stock-day"),
        words.say("stock-fan-mean"),
        words.say("stock-fan-80"),
        words.say("stock-fan-95"),
        words.say("stock-empty-by"),
    ]
}

/// The next of 1, 2 and 5 times a power of ten.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(0.1).log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= least).unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use time::macros::date;
    use veridose_ml::forecast::Period;

    use super::*;
    use crate::pages::words::Language;

    #[test]
    fn the_picture_and_the_tables_tell_the_same_days() {
        let end = Period::parse("2026-03-05").expect("a day");
        let ahead: Vec<Outlook> = (1..=14)
            .map(|day| Outlook {
                period: end.plus(day),
                mean: 2.0,
                median: 2.0,
                tenths: (1.0, 4.5),
                bounds_95: (0.0, 11.0),
            })
            .collect();
        let past: Vec<f64> = (0..100).map(|day| f64::from(day % 4)).collect();
        let fan = Fan { today: date!(2026 - 03 - 05), past: &past, ahead: &ahead };
        let words = Words::of(Language::German);
        let picture = fan.picture(words).into_string();
        let points = |class: &str| {
            let rest = picture.split(&format!("class=\"{class}\" points=\"")).nth(1).expect(class);
            rest.split('"').next().expect("ends").split(' ').count()
        };
        assert_eq!([points("history"), points("mean"), points("band80"), points("band95")], [56, 15, 29, 29]);
        assert!(!picture.contains("NaN") && !picture.contains("style="), "{picture}");
        assert!(picture.contains(">05.03.<") && picture.contains(">19.03.<"), "{picture}");
        let tables = fan.tables(words, &[0.25; 14]).into_string();
        assert!(
            tables.contains("06.03.2026") && tables.contains("1,0 – 4,5") && tables.contains("25\u{a0}%"),
            "{tables}"
        );
        // Without anything it is still a picture.
        let none = Fan { past: &[], ahead: &[], ..fan }.picture(words).into_string();
        assert!(!none.contains("NaN"), "{none}");
    }

    #[test]
    fn lines_stand_at_round_numbers() {
        for (least, expected) in [(0.02, 0.1), (0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (70.0, 100.0)] {
            assert!((step(least) - expected).abs() < 1e-9, "{least}: {}", step(least));
        }
    }
}
