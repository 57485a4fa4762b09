//! The map of a pack's way: our own base map, the places by number, the odd hop marked. A table says the same in words.

use maud::{Markup, html};

use super::path::{Node, nodes};
use super::said;
use super::world::{Point, View};
use crate::pages::visitor::Worker;
use crate::routes::cases::Way;

const WIDTH: f64 = 640.0;

pub(super) fn section(worker: &Worker, way: &Way) -> Markup {
    let (words, node) = (worker.words, worker.node());
    let nodes = nodes(way);
    let drawn: Vec<(&Node<'_>, Point)> = nodes.iter().filter_map(|node| Some((node, position(way, node)?))).collect();
    html! {
        section.card aria-labelledby="map-title" {
            h2 #map-title { (words.say("case-map")) }
            @if drawn.is_empty() { p.quiet { (words.say("case-map-none")) } }
            @else { (drawing(&drawn)) p.quiet { (words.say("case-map-source")) } }
            div.scroll tabindex="0" role="group" aria-labelledby="map-title" {
                table {
                    thead { tr { th scope="col" { (words.say("map-number")) } th scope="col" { (words.say("map-place")) } th scope="col" { (words.say("map-country")) } th scope="col" { (words.say("map-position")) } } }
                    tbody {
                        @for stop in &nodes {
                            @let known = way.places.get(stop.place);
                            tr {
                                td { (stop.number) }
                                td { (said::place(node, words, stop.place, &way.places)) }
                                td { (known.and_then(|known| known.country.as_deref()).unwrap_or("–")) }
                                td { @match known.and_then(|known| known.position) { Some((latitude, longitude)) => { (format!("{latitude:.3}°, {longitude:.3}°")) } None => { "–" } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn position(way: &Way, node: &Node<'_>) -> Option<Point> {
    let (latitude, longitude) = way.places.get(node.place)?.position?;
    Some((longitude, latitude))
}

fn drawing(drawn: &[(&Node<'_>, Point)]) -> Markup {
    let places: Vec<Point> = drawn.iter().map(|(_, point)| *point).collect();
    let view = View::around(&places, WIDTH);
    let (land, borders) = view.base();
    html! {
        svg.map viewBox=(format!("0 0 {WIDTH} {}", view.height())) aria-hidden="true" focusable="false" {
            path.land d=(land) {}
            path.borders d=(borders) {}
            @for pair in drawn.windows(2) {
                @let (from, to) = (view.place(pair[0].1), view.place(pair[1].1));
                line.hop.odd[pair[1].0.is_odd()] x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) {}
                @if pair[1].0.is_odd() { text.warn x=(f64::midpoint(from.0, to.0)) y=(f64::midpoint(from.1, to.1) - 6.0) text-anchor="middle" { "⚠" } }
            }
            @for (place, numbers) in grouped(drawn) {
                @let (x, y) = view.place(place);
                circle.spot cx=(x) cy=(y) r="7" {}
                text.number x=(x) y=(y - 11.0) text-anchor="middle" { (numbers) }
            }
        }
    }
}

/// Each place once, with the numbers of all stops there.
fn grouped(drawn: &[(&Node<'_>, Point)]) -> Vec<(Point, String)> {
    let mut places: Vec<(Point, Vec<String>)> = Vec::new();
    for (node, point) in drawn {
        match places.iter_mut().find(|(place, _)| place == point) {
            Some((_, numbers)) => numbers.push(node.number.to_string()),
            None => places.push((*point, vec![node.number.to_string()])),
        }
    }
    places.into_iter().map(|(place, numbers)| (place, numbers.join(", "))).collect()
}
