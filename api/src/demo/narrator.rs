//! Tells the story on standard output.

use std::io::Write as _;

fn line(text: &str) {
    // A reader that went away ends the telling, not the day.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A new part of the day.
pub(super) fn chapter(title: &str) {
    line(&format!("\n{title}\n{}", "─".repeat(title.chars().count())));
}

/// Something that happens.
pub(super) fn tell(text: &str) {
    line(&format!("  {text}"));
}

/// What the node answered.
pub(super) fn answer(text: &str) {
    line(&format!("    → {text}"));
}

/// A receipt that was checked.
pub(super) fn proof(text: &str) {
    line(&format!("    ✓ proof checked: {text}"));
}
