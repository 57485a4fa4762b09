//! The sentences of the counter: what is the matter and what to do, for each way a verification can end. The first cause that
//! forbids dispensing is the one that is told; the others stand in the fields.

use veridose_contract::record::{Act, ItemKind, ItemState};
use veridose_contract::{DecommissionReason, ItemKey, Role, Standing};
use veridose_gs1::scan::Diagnosis;

use super::{Counter, Field, Holder, Outcome, PackStatus, Reading, Severity, Unknown, Verdict, Warning, status_of};

/// Code, severity, sentence, next step.
struct Saying {
    code: &'static str,
    severity: Severity,
    nmvs_code: Option<&'static str>,
    message: String,
    next_step: &'static str,
}

impl Saying {
    /// A notice.
    fn new(code: &'static str, message: impl Into<String>, next_step: &'static str) -> Self {
        Self { code, severity: Severity::Notice, nmvs_code: None, message: message.into(), next_step }
    }

    /// An alert of the national systems.
    fn alert(self, code: &'static str) -> Self {
        Self { severity: Severity::Alert, nmvs_code: Some(code), ..self }
    }

    /// What looks like an alert of the national systems, and is a slip.
    fn slip(self, code: &'static str) -> Self {
        Self { severity: Severity::Warning, nmvs_code: Some(code), ..self }
    }

    fn of(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    fn verdict(self, outcome: Outcome, scanned: Reading) -> Verdict {
        Verdict {
            outcome,
            dispensable: false,
            severity: self.severity,
            code: self.code,
            nmvs_code: self.nmvs_code,
            message: self.message,
            next_step: self.next_step.to_owned(),
            scanned,
            status: None,
            mismatches: Vec::new(),
            holder: None,
            recall_class: None,
            expired: false,
            quarantined: false,
            warnings: Vec::new(),
            suggestion: None,
            item: None,
        }
    }
}

const SET_ASIDE: &str = "Do not dispense. Set the pack aside and report it: a case can be opened from this answer.";

/// The code could not be read as GS1 data.
pub(super) fn unreadable(diagnosis: &Diagnosis) -> Verdict {
    let saying = Saying::new(
        diagnosis.code.as_str(),
        format!("The code could not be read: {}", diagnosis.message),
        "This says nothing about the pack. Check the scanner's keyboard setting and scan again.",
    )
    .of(Severity::Warning);
    let mut verdict = saying.verdict(Outcome::Unreadable, Reading::default());
    verdict.suggestion.clone_from(&diagnosis.suggestion);
    verdict
}

/// No such pack, but one that the same keys name under another keyboard setting.
pub(super) fn misread(code: &'static str, scanned: Reading, meant: String) -> Verdict {
    let saying = Saying::new(
        code,
        "No pack has this code, but one has it with the keyboard set differently.",
        "This says nothing about the pack. Check caps lock and the keyboard language, and scan again.",
    )
    .of(Severity::Warning);
    Verdict { suggestion: Some(meant), ..saying.verdict(Outcome::Unreadable, scanned) }
}

/// Something odd about a scan that reads well.
pub(super) fn note(diagnosis: &Diagnosis) -> Warning {
    Warning { code: diagnosis.code.as_str(), text: diagnosis.message.clone() }
}

/// The code names a product or lot, but no single pack.
pub(super) fn without_serial(scanned: Reading) -> Verdict {
    Saying::new(
        "no_serial",
        "The code names a product but no serial number.",
        "Scan the two-dimensional code of the pack, not the barcode of the product.",
    )
    .of(Severity::Warning)
    .verdict(Outcome::Unreadable, scanned)
}

/// Nothing of that name was ever commissioned. A product or container that nobody here knows may be one of companies that take no
/// part, which makes nobody suspect; a serial number that the maker of a known product never gave does.
pub(super) fn not_found(scanned: Reading, unknown: Unknown) -> Verdict {
    let saying = match unknown {
        Unknown::Container => Saying::new(
            "unknown_container",
            "No member of this network packed a container of this number.",
            "Check whether its sender takes part in this network. Scan the packs in it one by one.",
        )
        .of(Severity::Warning),
        Unknown::Product => Saying::new(
            "unknown_product",
            "No member of this network makes a product of this number.",
            "Do not dispense on this answer. Check that the code scanned is the pack's own, and that its maker takes part.",
        )
        .of(Severity::Warning),
        Unknown::Lot => Saying::new("unknown_lot", "The manufacturer never made this lot.", SET_ASIDE).alert("A2"),
        Unknown::Serial => {
            Saying::new("unknown_serial", "No pack with this serial number was ever made.", SET_ASIDE).alert("A3")
        }
    };
    saying.verdict(Outcome::NotFound, scanned)
}

/// The item is on the ledger.
pub(super) fn found(
    counter: &Counter<'_>,
    item: ItemKey,
    scanned: Reading,
    standing: &Standing,
    mismatches: Vec<Field>,
) -> Verdict {
    let expired = standing.expiry.is_some_and(|expiry| counter.now.day() > expiry);
    let holder = holder(counter, standing);
    let refusal = mismatch(&mismatches)
        .or_else(|| ended(counter, standing))
        .or_else(|| stopped(standing, expired))
        .or_else(|| elsewhere(holder));
    let outcome = if mismatches.is_empty() { Outcome::Authentic } else { Outcome::Mismatch };
    let is_counter = counter.role == Role::Pharmacy;
    let is_unit = standing.kind == ItemKind::Pack && standing.children == 0;
    let dispensable = refusal.is_none() && is_counter && is_unit;
    let saying = refusal.unwrap_or_else(|| sound(is_unit, is_counter));
    Verdict {
        dispensable,
        status: Some(status(&standing.state)),
        mismatches,
        holder: Some(holder),
        recall_class: standing.recall.as_ref().map(|recall| recall.mark.class),
        expired,
        quarantined: standing.quarantine.is_some(),
        warnings: warnings(standing),
        item: Some(item),
        ..saying.verdict(outcome, scanned)
    }
}

fn holder(counter: &Counter<'_>, standing: &Standing) -> Holder {
    if standing.holder == *counter.party {
        Holder::You
    } else if standing.offer.as_ref().is_some_and(|offer| offer.to == *counter.party) {
        Holder::OnItsWayToYou
    } else {
        Holder::Another
    }
}

const fn status(state: &ItemState) -> PackStatus {
    match state {
        ItemState::Active => PackStatus::Active,
        ItemState::Dispensed { .. } => PackStatus::Dispensed,
        ItemState::Decommissioned { reason, .. } => status_of(*reason),
        ItemState::Transformed { .. } => PackStatus::Repackaged,
    }
}

fn mismatch(fields: &[Field]) -> Option<Saying> {
    let saying = match fields {
        [] => return None,
        [Field::Lot] => {
            Saying::new("lot_mismatch", "The lot on the pack is not the lot it was made in.", SET_ASIDE).alert("A68")
        }
        [Field::Expiry] => {
            Saying::new("expiry_mismatch", "The expiry date on the pack is not the one it was made with.", SET_ASIDE)
                .alert("A52")
        }
        [_, ..] => Saying::new(
            "lot_and_expiry_mismatch",
            "Lot and expiry date are not those the pack was made with.",
            SET_ASIDE,
        )
        .alert("A68"),
    };
    Some(saying)
}

/// The pack's life is over.
fn ended(counter: &Counter<'_>, standing: &Standing) -> Option<Saying> {
    let is_here = |act: &Act| {
        act.by == *counter.party && (act.site.is_none() || counter.site.is_none() || act.site == counter.site)
    };
    let place = |act: &Act| if is_here(act) { "at this location" } else { "at another location" };
    // A repeat at the same place is most often a slip, and the law lets it be undone there only.
    let told = |code, message: String, act: &Act, slip: &'static str| {
        if is_here(act) {
            Saying::new(code, message, slip).slip("A7")
        } else {
            Saying::new(code, message, SET_ASIDE).alert("A7")
        }
    };
    match &standing.state {
        ItemState::Active => None,
        // With a patient or without: to the next counter it is the same.
        ItemState::Dispensed { act, .. } | ItemState::Decommissioned { reason: DecommissionReason::Supplied, act } => {
            let message = format!("This pack was already dispensed {}.", place(act));
            let slip =
                "Do not dispense. If it was dispensed by mistake, undo that; else set the pack aside and report it.";
            Some(told("already_dispensed", message, act, slip))
        }
        ItemState::Decommissioned { reason: DecommissionReason::Stolen, .. } => {
            Some(Saying::new("stolen", "This pack was reported stolen.", SET_ASIDE).alert("A7"))
        }
        ItemState::Decommissioned { act, .. } => {
            let message = format!("This pack was taken out of the trade {}.", place(act));
            let slip = "Do not dispense. If that was a mistake, undo it; else set the pack aside and report it.";
            Some(told("already_decommissioned", message, act, slip))
        }
        ItemState::Transformed { act } => {
            let message = format!("This pack was used up when its contents were repackaged {}.", place(act));
            Some(told("repackaged", message, act, "Do not dispense. Scan the pack that its contents went into."))
        }
    }
}

/// It is genuine and must not be dispensed. No alert belongs to these: nobody did wrong.
fn stopped(standing: &Standing, expired: bool) -> Option<Saying> {
    if let Some(recall) = &standing.recall {
        return Some(Saying::new(
            "recalled",
            format!("This pack is genuine and recalled (class {}).", recall.mark.class),
            "Do not dispense. Set it aside and return it as the recall notice says.",
        ));
    }
    if standing.quarantine.is_some() {
        return Some(Saying::new(
            "quarantined",
            "This pack is set apart while it is looked into.",
            "Do not dispense until it is released.",
        ));
    }
    expired.then(|| {
        Saying::new(
            "expired",
            "This pack is genuine and past its expiry date.",
            "Do not dispense. Set it aside for destruction.",
        )
    })
}

fn elsewhere(holder: Holder) -> Option<Saying> {
    match holder {
        Holder::You => None,
        Holder::OnItsWayToYou => Some(Saying::new(
            "not_received",
            "This pack is genuine and on its way to you, but its delivery was not accepted yet.",
            "Accept the delivery, then scan again.",
        )),
        Holder::Another => Some(Saying::new(
            "held_elsewhere",
            "A pack of this number is genuine, but the ledger says that another location holds it.",
            "Do not dispense. Check whether its delivery was recorded; if it was not bought from there, it may be a copy: set it \
             aside and report it.",
        )
        .of(Severity::Warning)),
    }
}

fn sound(is_unit: bool, is_counter: bool) -> Saying {
    let saying = match (is_unit, is_counter) {
        (true, true) => Saying::new(
            "may_be_dispensed",
            "This pack is genuine and may be dispensed.",
            "Dispense it, with consent if the patient is to be recorded.",
        ),
        (true, false) => Saying::new("genuine", "This pack is genuine and in your hands.", "It may be shipped on."),
        (false, _) => Saying::new(
            "container",
            "This container is genuine and in your hands.",
            "Open it and scan the packs to dispense them.",
        ),
    };
    saying.of(Severity::None)
}

fn warnings(standing: &Standing) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if standing.disputed {
        let text = "A receiver once reported that this item was not as offered.".to_owned();
        warnings.push(Warning { code: "disputed", text });
    }
    if !standing.containers.is_empty() {
        let text = "The ledger says that this item is still inside a container.".to_owned();
        warnings.push(Warning { code: "in_container", text });
    }
    warnings
}
