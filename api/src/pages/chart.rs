//! Small charts as SVG, drawn on the server. Colours are classes of the style sheet; what a chart shows stands beside it in words or
//! numbers, so the drawing itself is hidden from who cannot see it.

use maud::{Markup, html};

/// A bar that is filled to a share between 0 and 1.
pub(super) fn bar(share: f64) -> Markup {
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.ground width="100" height="8" rx="2" {}
            rect.fill width=(round(share.clamp(0.0, 1.0) * 100.0)) height="8" rx="2" {}
        }
    }
}

/// A number as it stands in a drawing: one decimal is finer than a pixel.
pub(super) fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A drawing's width, and its height without the labels below.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 160.0;
/// Room for the numbers at the left, and above the highest column.
const LEFT: f64 = 44.0;
const TOP: f64 = 12.0;
/// Labels below the columns, at most.
const LABELS_MAX: usize = 8;

/// A column for each label, from zero up.
#[expect(clippy::cast_precision_loss, reason = "a few hundred columns")]
pub(super) fn columns(values: &[(String, f64)]) -> Markup {
    let most = ceiling(values.iter().map(|(_, value)| *value).fold(0.0, f64::max));
    let step = (WIDTH - LEFT) / values.len().max(1) as f64;
    let y = |value: f64| round(TOP + HEIGHT - value / most * HEIGHT);
    let each = values.len().div_ceil(LABELS_MAX).max(1);
    html! {
        svg.columns viewBox=(format!("0 0 {WIDTH} {}", TOP + HEIGHT + 26.0)) aria-hidden="true" focusable="false" {
            @for line in [0.0, most / 2.0, most] {
                line.grid x1=(LEFT) y1=(y(line)) x2=(WIDTH) y2=(y(line)) {}
                text.label x=(LEFT - 8.0) y=(y(line) + 4.0) text-anchor="end" { (line) }
            }
            @for (at, (label, value)) in values.iter().enumerate() {
                @let x = LEFT + at as f64 * step;
                @if *value > 0.0 {
                    rect.fill x=(round(step.mul_add(0.1, x))) y=(y(*value)) width=(round((step * 0.8).max(1.0))) height=(round(TOP + HEIGHT - y(*value))) { title { (label) ": " (value) } }
                }
                @if at % each == 0 { text.label x=(round(x)) y=(TOP + HEIGHT + 18.0) { (label) } }
            }
        }
    }
}

/// The round number that a scale ends with: two, four, ten, twenty, …; even, so that its half is whole.
fn ceiling(most: f64) -> f64 {
    let mut end = 2.0;
    let mut factors = [2.0, 2.5, 2.0].into_iter().cycle();
    while end < most {
        end *= factors.next().unwrap_or(2.0);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_with_a_round_number_that_holds_all() {
        let ends = [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 99.0, 150.0].map(|most| ceiling(most).to_string());
        assert_eq!(ends, ["2", "2", "2", "4", "10", "20", "100", "200"]);
    }

    #[test]
    fn bars_and_columns_are_as_long_as_what_they_show() {
        assert!(bar(0.25).into_string().contains("width=\"25\" height=\"8\""));
        assert!(bar(7.0).into_string().contains("class=\"fill\" width=\"100\""));
        let drawn = columns(&[("a".to_owned(), 10.0), ("b".to_owned(), 0.0), ("c".to_owned(), 5.0)]).into_string();
        assert!(drawn.contains("height=\"160\"") && drawn.contains("height=\"80\""), "{drawn}");
        assert_eq!(drawn.matches("class=\"fill\"").count(), 2);
        assert!(!columns(&[]).into_string().contains("fill"));
    }
}
