//! Which elements must come together and which may not (GS1 General Specifications, section 4.13 and 4.14).

use super::diagnosis::{Code, Diagnosis};
use crate::ai::{Ai, Element, Pattern};

/// Refuses elements that exclude each other, and one that stands without what it needs. What only the SSCC of the same
/// logistic label would complete is noted, since that often stands in a symbol of its own.
pub(super) fn check(elements: &[Element]) -> Result<Vec<Diagnosis>, Diagnosis> {
    let mut notes = Vec::new();
    for Element { ai, .. } in elements {
        if let Some(other) = elements.iter().map(|element| element.ai).find(|other| excludes(*ai, *other)) {
            let message = format!(
                "({ai}) {} may not come together with ({other}) {}; scan one symbol only",
                ai.noun(),
                other.noun()
            );
            return Err(Diagnosis::new(Code::Excluded, message).about(*ai).with("other", format!("({other})")));
        }
        let groups = ai.row().requires;
        let is_there = |pattern: &Pattern| elements.iter().any(|element| element.ai != *ai && element.ai.is(*pattern));
        if groups.is_empty() || groups.iter().any(|group| group.iter().all(is_there)) {
            continue;
        }
        let needs: Vec<String> = groups.iter().map(|group| words(group)).collect();
        let message = format!("({ai}) {} needs {} with it; scan the whole symbol", ai.noun(), needs.join(" or "));
        let missing = Diagnosis::new(Code::MissingRequired, message).about(*ai).with("needs", needs.join(" / "));
        let on_label = |pattern: &Pattern| Ai::SSCC.is(*pattern) || is_there(pattern);
        if groups.iter().any(|group| group.iter().all(on_label)) {
            notes.push(missing);
        } else {
            return Err(missing);
        }
    }
    Ok(notes)
}

fn excludes(ai: Ai, other: Ai) -> bool {
    let row = ai.row();
    let in_own_ten = row.excludes_own_ten && ai.is_in_ten_of(other);
    ai != other && (in_own_ten || row.excludes.iter().any(|pattern| other.is(*pattern)))
}

fn words(group: &[Pattern]) -> String {
    let patterns: Vec<String> = group.iter().map(|pattern| format!("({pattern})")).collect();
    patterns.join("+")
}
