//! What attackers do and what people get wrong, by name.

use std::fmt;

use crate::error::SimulateError;

macro_rules! patterns {
    ($($(#[$doc:meta])* $kind:ident $name:literal $number:literal;)*) => {
        /// A way in which packs are falsified, diverted or misused. `number` is the place in the list of 17 patterns that
        /// detectors are judged by; several ways may share one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Pattern { $($(#[$doc])* $kind,)* }

        impl Pattern {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name in truth files and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Its place in the list of 17.
            pub const fn number(self) -> u8 {
                match self { $(Self::$kind => $number,)* }
            }
        }
    };
}

patterns! {
    /// A batch that was never made.
    UnknownSerial "unknown_serial" 1;
    /// A real lot with invented serial numbers that share a beginning.
    GuessedSerials "guessed_serials" 2;
    /// One serial number at many places within hours.
    FastClone "fast_clone" 3;
    /// One serial number at several places over weeks, each reachable from the last.
    SlowClone "slow_clone" 3;
    /// The code of a dispensed pack is scanned again elsewhere.
    ReplayedDispensed "replayed_dispensed" 4;
    /// A later expiry date than the lot has.
    RelabelledExpiry "relabelled_expiry" 5;
    /// Another lot than the pack was made in.
    BatchMismatch "batch_mismatch" 5;
    /// Dispensed once more, at another site.
    RepeatedState "repeated_state" 6;
    /// A dispense undone too late or by another site.
    UndoAbuse "undo_abuse" 7;
    /// Two scans faster apart than anything travels.
    ImpossibleTravel "impossible_travel" 8;
    /// A handoff between parties that never trade, such as pharmacies of two countries.
    RareTransition "rare_transition" 8;
    /// A receipt without its shipment, from a party that never had the goods.
    ForgedPedigree "forged_pedigree" 9;
    /// A seller that nobody authorised for the product.
    UnauthorisedSeller "unauthorised_seller" 9;
    /// Dispensed packs that are shipped, received and dispensed again.
    ResoldEmpties "resold_empties" 10;
    /// Out of a hospital without a shipment, in at a wholesaler abroad.
    StolenLaundered "stolen_laundered" 11;
    /// A wholesaler sells what was meant for its country to one in another.
    Diversion "diversion" 11;
    /// A pack is packed into a second case while it lies in the first.
    TamperedAggregation "tampered_aggregation" 12;
    /// What comes out of two cases is what was packed into the other.
    SwappedCase "swapped_case" 12;
    /// Packs are shipped and received that were never commissioned.
    ShippedUncommissioned "shipped_uncommissioned" 13;
    /// Packs are commissioned that were commissioned before.
    CommissionedTwice "commissioned_twice" 13;
    /// More is received than was shipped.
    Overage "overage" 14;
    /// Less is received than was shipped, and the rest is never seen again.
    Shortage "shortage" 14;
    /// Invented packs of a dear product where the shelf is empty.
    ShortageFalsified "shortage_falsified" 15;
    /// One client tries serial numbers in sequence.
    SerialProbing "serial_probing" 16;
    /// Expired packs are shipped and dispensed.
    ExpiredMoving "expired_moving" 17;
    /// Recalled packs are shipped and dispensed.
    RecalledMoving "recalled_moving" 17;
    /// A wholesaler ships the serial numbers that it shipped before once more, for weeks.
    ColludingWholesaler "colluding_wholesaler" 9;
    /// One buyer splits an order over many small ones on one day and sends the goods abroad.
    OrderSplitting "order_splitting" 11;
}

impl Pattern {
    /// Parses a list of names and numbers, parted by commas; a number stands for all patterns that have it, `all` for all.
    ///
    /// ```
    /// use veridose_simulate::Pattern;
    /// assert_eq!(Pattern::parse_list("3,undo_abuse")?, [Pattern::FastClone, Pattern::SlowClone, Pattern::UndoAbuse]);
    /// assert!(Pattern::parse_list("clones").is_err());
    /// # Ok::<(), veridose_simulate::SimulateError>(())
    /// ```
    pub fn parse_list(text: &str) -> Result<Vec<Self>, SimulateError> {
        let mut found = Vec::new();
        for word in text.split(',').map(str::trim) {
            let named = |pattern: &&Self| {
                word == "all"
                    || pattern.name() == word
                    || word.parse().is_ok_and(|number: u8| pattern.number() == number)
            };
            let before = found.len();
            found.extend(Self::ALL.iter().filter(named));
            if found.len() == before {
                return Err(SimulateError::UnknownPattern { given: word.chars().take(40).collect() });
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A slip of the people or machines at a counter. No falsification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slip {
    /// Upper and lower case swapped.
    CapsLock,
    /// Y and Z swapped.
    KeyboardLayout,
    /// Day 00 of an expiry date, which means the last of the month, taken as a day.
    DayZero,
    /// The separator behind the serial number lost: the lot is glued to it.
    LostSeparator,
    /// The same pack scanned over and over at one site.
    RepeatedScan,
    /// A day's events of a site that was offline, handed in days later.
    LateUpload,
}

impl Slip {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::CapsLock,
        Self::KeyboardLayout,
        Self::DayZero,
        Self::LostSeparator,
        Self::RepeatedScan,
        Self::LateUpload,
    ];

    /// The name in truth files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CapsLock => "caps_lock",
            Self::KeyboardLayout => "keyboard_layout",
            Self::DayZero => "day_zero",
            Self::LostSeparator => "lost_separator",
            Self::RepeatedScan => "repeated_scan",
            Self::LateUpload => "late_upload",
        }
    }
}
