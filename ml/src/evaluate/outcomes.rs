//! Labels of two kinds: the whole truth, in which what is not named did not happen; and outcomes of cases, which say nothing of the
//! cases that nobody has closed.

use super::Truth;
use super::matching::{is_slip, matches};
use crate::cases::Alert;

/// Outcomes of closed cases in which nobody did wrong.
const NOTHING: [&str; 2] = ["technical", "process"];
/// Outcomes of closed cases in which somebody did.
const SOMETHING: [&str; 3] = ["falsified", "diverted", "stolen"];

/// Whether the label says that nothing happened.
pub(super) fn is_nothing(truth: &Truth) -> bool {
    NOTHING.contains(&truth.pattern.as_str())
}

/// Whether labels are outcomes of cases: each one's pattern is an outcome.
fn are_outcomes(labels: &[Truth]) -> bool {
    !labels.is_empty() && labels.iter().all(|label| is_nothing(label) || SOMETHING.contains(&label.pattern.as_str()))
}

/// What is known of each alert: whether it is about something that truly happened. Of outcomes of cases nothing is known about an
/// alert that none of them is about; where two differ, something happened.
pub fn outcomes(labels: &[Truth], alerts: &[Alert]) -> Vec<Option<bool>> {
    let found = matches(labels, alerts);
    let is_partial = are_outcomes(labels);
    let happened = |label: &usize| !is_slip(&labels[*label].pattern) && !is_nothing(&labels[*label]);
    let outcome = |about: &Vec<usize>| match about.iter().any(happened) {
        true => Some(true),
        false if is_partial && about.is_empty() => None,
        false => Some(false),
    };
    found.of_alert.iter().map(outcome).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(pattern: &str, epc: &str) -> Truth {
        Truth { pattern: pattern.to_owned(), epcs: vec![epc.to_owned()], ..Truth::default() }
    }

    fn alert(epc: &str) -> Alert {
        Alert { epcs: vec![epc.to_owned()], kind: "falsification".to_owned(), ..Alert::default() }
    }

    #[test]
    fn a_case_that_nobody_closed_is_neither_true_nor_false() {
        let alerts = ["urn:a", "urn:b", "urn:c"].map(alert);
        let closed = [label("falsified", "urn:a"), label("technical", "urn:b")];
        assert_eq!(outcomes(&closed, &alerts), [Some(true), Some(false), None]);
        let reopened = [label("process", "urn:a"), label("stolen", "urn:a")];
        assert_eq!(outcomes(&reopened, &alerts), [Some(true), None, None]);
        // The whole truth of a simulation.
        let truth = [label("guessed_serial", "urn:a"), label("caps_lock", "urn:b")];
        assert_eq!(outcomes(&truth, &alerts), [Some(true), Some(false), Some(false)]);
        assert_eq!(outcomes(&[], &alerts), [Some(false); 3]);
    }
}
