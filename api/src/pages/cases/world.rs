//! The base map: land and borders, read once from the program's own file (see `world.py`), cut to what a map shows.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::pages::chart::round;

/// A point: degrees of longitude and of latitude.
pub(super) type Point = (f64, f64);

/// A line of the map.
struct Line {
    is_land: bool,
    points: Vec<Point>,
}

/// What a map shows: a box in degrees, drawn `width` units wide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    west: f64,
    north: f64,
    east: f64,
    south: f64,
    width: f64,
    height: f64,
}

/// Degrees that a map shows at least, so that one town has its country around it.
const DEGREES_MIN: f64 = 9.0;
/// Room around the places, as a share of the whole.
const MARGIN: f64 = 0.18;
/// How much wider than high a map is drawn.
const ASPECT: f64 = 1.6;
const SCALE: f64 = 100.0;

/// How far within each side of a view a point lies.
const SIDES: [fn(&View, Point) -> f64; 4] =
    [|view, p| p.0 - view.west, |view, p| view.east - p.0, |view, p| p.1 - view.south, |view, p| view.north - p.1];

static WORLD: LazyLock<Vec<Line>> = LazyLock::new(|| include_str!("world.txt").lines().filter_map(line).collect());

fn line(text: &str) -> Option<Line> {
    let (kind, coded) = text.split_at_checked(1)?;
    Some(Line { is_land: kind == "L", points: points(coded)? })
}

/// Decodes an encoded polyline.
fn points(coded: &str) -> Option<Vec<Point>> {
    let mut numbers = Vec::new();
    let (mut value, mut shift) = (0_i64, 0_u32);
    for byte in coded.bytes() {
        let part = i64::from(byte.checked_sub(63)?);
        value |= (part & 0x1f).checked_shl(shift)?;
        shift += 5;
        if part < 0x20 {
            numbers.push(if value & 1 == 1 { !(value >> 1) } else { value >> 1 });
            (value, shift) = (0, 0);
        }
    }
    let mut at = (0, 0);
    let step = |pair: &[i64]| {
        at = (at.0 + pair.first()?, at.1 + pair.get(1)?);
        #[expect(clippy::cast_precision_loss, reason = "within 36,000")]
        Some((at.0 as f64 / SCALE, at.1 as f64 / SCALE))
    };
    numbers.chunks(2).map(step).collect()
}

impl View {
    /// Around these places.
    pub(super) fn around(places: &[Point], width: f64) -> Self {
        let bound = |of: fn(&Point) -> f64, pick: fn(f64, f64) -> f64, none: f64| {
            places.iter().map(of).reduce(pick).unwrap_or(none)
        };
        let (west, east) = (bound(|p| p.0, f64::min, -170.0), bound(|p| p.0, f64::max, 170.0));
        let (south, north) = (bound(|p| p.1, f64::min, -55.0), bound(|p| p.1, f64::max, 75.0));
        let middle = (f64::midpoint(west, east), f64::midpoint(south, north));
        // A degree of longitude is as wide as it is in the middle.
        let wide = middle.1.to_radians().cos().max(0.2);
        let room = 1.0 + 2.0 * MARGIN;
        let mut high = ((north - south) * room).max(DEGREES_MIN);
        let mut across = ((east - west) * wide * room).max(DEGREES_MIN * ASPECT);
        high = high.max(across / ASPECT);
        across = across.max(high * ASPECT);
        let (half_high, half_across) = (high / 2.0, across / 2.0 / wide);
        Self {
            west: middle.0 - half_across,
            east: middle.0 + half_across,
            north: middle.1 + half_high,
            south: middle.1 - half_high,
            width,
            height: round(width / ASPECT),
        }
    }

    pub(super) const fn height(&self) -> f64 {
        self.height
    }

    /// Where a point is drawn.
    pub(super) fn place(&self, (longitude, latitude): Point) -> Point {
        let x = (longitude - self.west) / (self.east - self.west) * self.width;
        let y = (self.north - latitude) / (self.north - self.south) * self.height;
        (round(x), round(y))
    }

    /// Land and borders as the data of two SVG paths.
    pub(super) fn base(&self) -> (String, String) {
        let (mut land, mut borders) = (String::new(), String::new());
        for line in WORLD.iter() {
            if !self.touches(&line.points) {
                continue;
            }
            if line.is_land {
                draw(&mut land, self.clipped(&line.points).into_iter().map(|point| self.place(point)));
                land.push('Z');
            } else {
                draw(&mut borders, line.points.iter().map(|point| self.place(*point)));
            }
        }
        (land, borders)
    }

    fn touches(&self, points: &[Point]) -> bool {
        let any = |is: &dyn Fn(&Point) -> bool| points.iter().any(is);
        any(&|p| p.0 >= self.west)
            && any(&|p| p.0 <= self.east)
            && any(&|p| p.1 >= self.south)
            && any(&|p| p.1 <= self.north)
    }

    /// The part of a ring within the view (Sutherland and Hodgman, "Reentrant Polygon Clipping", 1974).
    fn clipped(&self, ring: &[Point]) -> Vec<Point> {
        let mut points = ring.to_vec();
        for side in SIDES {
            let Some(mut last) = points.last().copied() else { break };
            let mut within = Vec::with_capacity(points.len());
            for point in points {
                let (before, now) = (side(self, last), side(self, point));
                if (before >= 0.0) != (now >= 0.0) {
                    let share = before / (before - now);
                    within.push((last.0 + share * (point.0 - last.0), last.1 + share * (point.1 - last.1)));
                }
                if now >= 0.0 {
                    within.push(point);
                }
                last = point;
            }
            points = within;
        }
        points
    }
}

fn draw(path: &mut String, points: impl Iterator<Item = Point>) {
    let mut last = None;
    for point in points.map(|(x, y)| (x.round(), y.round())) {
        if last == Some(point) {
            continue;
        }
        let command = if last.is_none() { 'M' } else { 'L' };
        write!(path, "{command}{} {}", point.0, point.1).expect("a string takes all");
        last = Some(point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a point lies on land, by the parity of crossings.
    fn is_land((x, y): Point) -> bool {
        let inside = |ring: &[Point]| {
            let mut crossings = 0;
            for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                if (a.1 > y) != (b.1 > y) && x < (b.0 - a.0) * (y - a.1) / (b.1 - a.1) + a.0 {
                    crossings += 1;
                }
            }
            crossings % 2 == 1
        };
        WORLD.iter().any(|line| line.is_land && inside(&line.points))
    }

    #[test]
    fn the_map_is_that_of_the_earth() {
        assert!(include_str!("world.txt").len() <= 60_000 && WORLD.len() > 500);
        for land in [(16.37, 48.21), (149.1, -35.3), (-0.5, 51.8), (-98.0, 39.0), (20.0, 0.0)] {
            assert!(is_land(land), "{land:?}");
        }
        for sea in [(-30.0, 40.0), (3.0, 55.5), (80.0, -20.0), (-150.0, 0.0)] {
            assert!(!is_land(sea), "{sea:?}");
        }
        let borders = WORLD.iter().filter(|line| !line.is_land).flat_map(|line| &line.points);
        // Austria and Hungary meet at the lake of Neusiedl.
        assert!(borders.into_iter().any(|p| (p.0 - 16.9).abs() < 0.6 && (p.1 - 47.7).abs() < 0.6));
    }

    #[test]
    fn a_view_holds_its_places_and_nothing_beyond() {
        let places = [(16.37, 48.21), (151.2, -33.9)];
        for shown in [&places[..1], &places[..], &[]] {
            let view = View::around(shown, 640.0);
            for place in shown {
                let (x, y) = view.place(*place);
                assert!((30.0..=610.0).contains(&x) && (20.0..=view.height() - 20.0).contains(&y), "{x} {y}");
            }
            let (land, borders) = view.base();
            assert!(land.len() > 10 && !borders.is_empty() && land.len() + borders.len() < 100_000, "{}", land.len());
            let numbers = land.split(['M', 'L', 'Z', ' ']).filter_map(|number| number.parse::<f64>().ok());
            assert!(numbers.into_iter().all(|number| (-1.0..=641.0).contains(&number)));
        }
        assert_eq!(points("_p~iF~ps|U_ulLnnqC"), Some(vec![(38_500.0, -120_200.0), (40_700.0, -120_950.0)]));
    }
}
