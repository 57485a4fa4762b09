//! The graph of a pack's path: where it stopped, how it came from one place to the next, and which hop is odd.

use maud::{Markup, html};

use super::said;
use crate::pages::visitor::Worker;
use crate::pages::words::Words;
use crate::routes::cases::{Stop, Way};

/// Stops at one place, one after the other.
#[derive(Debug)]
pub(super) struct Node<'w> {
    /// Its number on the graph and the map, from 1.
    pub(super) number: usize,
    pub(super) place: &'w str,
    pub(super) stops: Vec<&'w Stop>,
}

impl Node<'_> {
    /// Whether the pack cannot, or should not, have come here as it did.
    pub(super) fn is_odd(&self) -> bool {
        self.stops.iter().any(|stop| !stop.odd.is_empty())
    }

    fn codes(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = self.stops.iter().flat_map(|stop| &stop.odd).map(String::as_str).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// Nodes that are drawn, the latest ones.
const NODES_MAX: usize = 30;
/// A drawing's width, a node's height, and that of a line beside a hop.
const WIDTH: f64 = 360.0;
const ROW: f64 = 60.0;
const LINE: f64 = 15.0;
const TOP: f64 = 22.0;
const LEFT: f64 = 18.0;
/// Characters of a line of the drawing; what is longer stands whole in the table of events.
const CHARS_MAX: usize = 46;

/// The stops by place.
pub(super) fn nodes(way: &Way) -> Vec<Node<'_>> {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    for stop in way.stops.iter().filter(|stop| stop.is_in_hand) {
        match nodes.last_mut().filter(|last| last.place == stop.place && stop.odd.is_empty()) {
            Some(last) => last.stops.push(stop),
            None => nodes.push(Node { number: nodes.len() + 1, place: &stop.place, stops: vec![stop] }),
        }
    }
    let left_out = nodes.len().saturating_sub(NODES_MAX);
    nodes.drain(..left_out);
    nodes
}

pub(super) fn section(worker: &Worker, way: &Way) -> Markup {
    let words = worker.words;
    let nodes = nodes(way);
    html! {
        section.card aria-labelledby="path-title" {
            h2 #path-title { (words.say("case-path")) }
            p.quiet { code { (way.item) } @if way.is_cut { " · " (words.say("case-path-cut")) } }
            @if nodes.is_empty() { p { (words.say("case-path-none")) } }
            @else { (drawing(worker, way, &nodes)) }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few dozen lines")]
fn drawing(worker: &Worker, way: &Way, nodes: &[Node<'_>]) -> Markup {
    let (words, node) = (worker.words, worker.node());
    let hops: Vec<Vec<String>> = nodes.windows(2).map(|pair| hop(words, way, &pair[0], &pair[1])).collect();
    // Where each node stands: the one before, and the lines beside the hop between them.
    let mut heights = vec![TOP];
    for lines in &hops {
        heights.push(heights.last().unwrap_or(&TOP) + ROW + LINE * lines.len() as f64);
    }
    let (text, bottom) = (LEFT + 24.0, heights.last().unwrap_or(&TOP) + 30.0);
    html! {
        svg.path viewBox=(format!("0 0 {WIDTH} {bottom}")) role="img" aria-label=(words.with("case-path-drawn", [("count", nodes.len().into())])) {
            @for (at, lines) in hops.iter().enumerate() {
                @let (from, to, odd) = (heights[at], heights[at + 1], nodes[at + 1].is_odd());
                line.hop.odd[odd] x1=(LEFT) y1=(from + 13.0) x2=(LEFT) y2=(to - 22.0) {}
                path.head.odd[odd] d=(format!("M{LEFT} {}l6 0l-6 10l-6 -10z", to - 23.0)) {}
                @for (line, said) in lines.iter().enumerate() {
                    text.between.odd[odd] x=(text) y=(from + 40.0 + line as f64 * LINE) { (short(said)) }
                }
            }
            @for (stop, y) in nodes.iter().zip(&heights) {
                circle.spot.odd[stop.is_odd()] cx=(LEFT) cy=(y) r="12" {}
                text.number x=(LEFT) y=(y + 4.5) text-anchor="middle" { (stop.number) }
                text.place x=(text) y=(y - 1.0) { (short(&said::place(node, words, stop.place, &way.places))) }
                text.steps x=(text) y=(y + 15.0) { (short(&steps(words, stop))) }
            }
        }
    }
}

/// What was done at a place, and since when.
fn steps(words: &Words, node: &Node<'_>) -> String {
    let mut said: Vec<String> = Vec::new();
    for stop in &node.stops {
        let step = said::step(words, &stop.step);
        if said.last() != Some(&step) {
            said.push(step);
        }
    }
    let at = node.stops.first().map(|stop| said::moment(stop.at)).unwrap_or_default();
    format!("{at} · {}", said.join(", "))
}

/// What is said beside a hop: how far in what time, and what is odd about it.
fn hop(words: &Words, way: &Way, from: &Node<'_>, to: &Node<'_>) -> Vec<String> {
    let (Some(left), Some(came)) = (from.stops.last(), to.stops.first()) else { return Vec::new() };
    let (km, ms) = way.between(left, came);
    let span = said::span(words, ms);
    #[expect(clippy::cast_possible_truncation, reason = "the earth is no larger")]
    let mut lines = vec![match km {
        Some(km) => words.with("hop-far", [("km", (km.round() as i64).into()), ("span", span.into())]),
        None => words.with("hop-time", [("span", span.into())]),
    }];
    for code in to.codes() {
        let said = words.find(&format!("hop-{code}"), []).unwrap_or_else(|| words.say("hop-odd"));
        lines.push(format!("⚠ {said}"));
    }
    lines
}

fn short(text: &str) -> String {
    if text.chars().count() <= CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(CHARS_MAX - 1).chain(['…']).collect()
}
