//! The codes of findings: stable names, what they stand for in the trade's own systems, and how grave they are.

use serde::Serialize;

/// How grave a finding is, in the words of a verdict at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Told, nothing to do.
    Notice,
    /// Most often a slip.
    Warning,
    /// Suspects a falsification or a theft.
    Alert,
}

/// What a finding says about whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A slip of a person, a scanner or a keyboard. Never a falsification.
    OperatorError,
    /// Raises the risk of what else is found.
    Risk,
    /// Goods or records are not where they should be.
    Process,
    /// Goods left the trade that they were made for.
    Diversion,
    /// A pack or its record is false.
    Falsification,
}

/// What is said of a code.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The code itself.
    pub code: Code,
    /// Its stable name.
    pub name: &'static str,
    /// The number of the pattern, 0 for slips and for what has none.
    pub pattern: u8,
    /// Alert code of the European medicines verification system.
    pub nmvs: Option<&'static str>,
    /// Failure reason of the lightweight verification messaging standard.
    pub lvms: Option<&'static str>,
    /// How grave.
    pub severity: Severity,
    /// About whom.
    pub kind: Kind,
    /// What it says, in plain words.
    pub text: &'static str,
}

macro_rules! codes {
    ($($variant:ident $name:literal $pattern:literal $nmvs:expr, $lvms:expr, $severity:ident $kind:ident $text:literal)*) => {
        /// What a rule found.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $text] $variant,)*
        }

        /// All codes, in their order.
        pub const CATALOGUE: &[Entry] = &[$(Entry {
            code: Code::$variant,
            name: $name,
            pattern: $pattern,
            nmvs: $nmvs,
            lvms: $lvms,
            severity: Severity::$severity,
            kind: Kind::$kind,
            text: $text,
        },)*];
    };
}

const A2: Option<&str> = Some("A2");
const A3: Option<&str> = Some("A3");
const A7: Option<&str> = Some("A7");
const A24: Option<&str> = Some("A24");
const A52: Option<&str> = Some("A52");
const A68: Option<&str> = Some("A68");
const NO: Option<&str> = None;
const NO_SERIAL: Option<&str> = Some("No_match_GTIN_Serial");
const NO_LOT: Option<&str> = Some("No_match_GTIN_Serial_Lot");
const NO_EXPIRY: Option<&str> = Some("No_match_GTIN_Serial_Expiry");
const RESTRICTED: Option<&str> = Some("Not_for_re-distribution");

codes! {
    UnknownSerial "unknown_serial" 1 A3, NO_SERIAL, Alert Falsification
        "The serial number was never commissioned."
    UnknownBatch "unknown_batch" 1 A2, NO_LOT, Alert Falsification
        "The serial number was never commissioned and its lot is not one of the product."
    UnknownProduct "unknown_product" 1 NO, NO_SERIAL, Alert Falsification
        "Nothing of this product was ever commissioned."
    InventedSerials "invented_serials" 2 A3, NO_SERIAL, Alert Falsification
        "Several serial numbers of one lot that were never commissioned look alike."
    ClonedSerial "cloned_serial" 3 A7, NO, Alert Falsification
        "One serial number was seen at several sites without moving between them."
    ReuseAfterEnd "reuse_after_end" 4 A24, RESTRICTED, Alert Falsification
        "The code was scanned elsewhere after the pack had ended."
    ExpiryMismatch "expiry_mismatch" 5 A52, NO_EXPIRY, Alert Falsification
        "The code says another expiry date than the manufacturer."
    BatchMismatch "batch_mismatch" 5 A68, NO_LOT, Alert Falsification
        "The code says another lot than the manufacturer."
    DispensedTwice "dispensed_twice" 6 A7, RESTRICTED, Alert Falsification
        "The pack was dispensed or decommissioned again at another site."
    RepeatSameSite "repeat_same_site" 6 A7, NO, Warning Process
        "The pack was dispensed or decommissioned again where that was done before."
    UndoAbuse "undo_abuse" 7 A24, NO, Alert Falsification
        "The end of the pack was undone where that is not lawful."
    ImpossibleTravel "impossible_travel" 8 NO, NO, Alert Falsification
        "The pack was at two places too far apart for the time between."
    RareTransition "rare_transition" 8 NO, NO, Warning Diversion
        "The pack took a step that hardly any pack of its kind takes."
    UnusualPack "unusual_pack" 8 NO, NO, Warning Diversion
        "The pack's way as a whole is unlike that of other packs."
    UnusualGroup "unusual_group" 8 NO, NO, Warning Diversion
        "Packs of one lot, party or client are unlike other packs more often than chance makes them."
    ForgedPedigree "forged_pedigree" 9 NO, NO, Alert Falsification
        "The goods were received from a party that never had them."
    UnauthorisedSource "unauthorised_source" 9 NO, NO, Alert Falsification
        "The goods came from a party that nobody knows or that may not sell them."
    ResoldEmpty "resold_empty" 10 A24, RESTRICTED, Alert Falsification
        "The pack was shipped, packed or received after it had been dispensed or destroyed."
    Diverted "diverted" 11 NO, NO, Alert Diversion
        "The goods turned up with a party for which they were not meant."
    StolenMoving "stolen_moving" 11 NO, RESTRICTED, Alert Diversion
        "The goods moved after they had been declared stolen."
    TwoParents "two_parents" 12 NO, NO, Alert Falsification
        "The item was put into a second container without leaving the first."
    ContentMismatch "content_mismatch" 12 NO, NO, Alert Falsification
        "What came out of the container is not what was put into it."
    ShippedUncommissioned "shipped_uncommissioned" 13 A3, NO_SERIAL, Alert Process
        "The pack was packed or shipped and never commissioned."
    CommissionedTwice "commissioned_twice" 13 NO, NO, Alert Falsification
        "The serial number was commissioned twice."
    ScannedBeforeCommissioning "scanned_before_commissioning" 13 A3, NO_SERIAL, Alert Falsification
        "The pack was seen in the trade before it was commissioned."
    Overage "overage" 14 NO, NO, Alert Process
        "More was received than shipped."
    Shortage "shortage" 14 NO, NO, Alert Process
        "Less was received than shipped."
    ShortageRisk "shortage_risk" 15 NO, NO, Notice Risk
        "The product is short in supply, which invites falsification."
    OrderSplitting "order_splitting" 15 NO, NO, Warning Diversion
        "A buyer's orders came in many small parts."
    SerialProbing "serial_probing" 16 A3, NO_SERIAL, Alert Falsification
        "One client tried many codes that fail."
    ExpiredMoving "expired_moving" 17 NO, RESTRICTED, Alert Process
        "The pack moved or was dispensed after its expiry."
    RecalledMoving "recalled_moving" 17 NO, RESTRICTED, Alert Process
        "The pack moved or was dispensed after its recall."
    CapsLock "caps_lock" 0 NO, NO, Notice OperatorError
        "Upper and lower case were swapped: caps lock was on."
    KeyboardLayout "keyboard_layout" 0 NO, NO, Notice OperatorError
        "Y and Z were swapped: scanner and computer have different keyboard layouts."
    DayZero "day_zero" 0 NO, NO, Notice OperatorError
        "An expiry date without a day was taken for another day of its month."
    LostSeparator "lost_separator" 0 NO, NO, Notice OperatorError
        "Two elements of the code were glued together: the group separator was lost."
    RepeatedScan "repeated_scan" 0 NO, NO, Notice OperatorError
        "The same pack was scanned again at the same site within minutes."
    LateUpload "late_upload" 0 NO, NO, Notice OperatorError
        "Scans were handed in long after they were made."
}

impl Code {
    /// What is said of it.
    pub fn entry(self) -> &'static Entry {
        CATALOGUE.iter().find(|entry| entry.code == self).expect("the table has a line for each code")
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Whether it says a slip.
    pub fn is_operator_error(self) -> bool {
        self.entry().kind == Kind::OperatorError
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pattern_has_a_code_and_every_name_is_one() {
        let patterns: BTreeSet<u8> = CATALOGUE.iter().map(|entry| entry.pattern).collect();
        assert_eq!(patterns, (0..=17).collect());
        let names: BTreeSet<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
    }
}
