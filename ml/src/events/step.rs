//! Business steps and dispositions, as far as detection tells them apart.

use veridose_epcis::model::Term;

/// What happened, by the business step of the Core Business Vocabulary (CBV 2.0, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Step {
    /// The serial number came to be.
    Commissioning,
    /// Put into a container.
    Packing,
    /// Taken out of a container.
    Unpacking,
    /// Sent to somebody.
    Shipping,
    /// A shipment taken back before it was received.
    VoidShipping,
    /// Taken over from somebody.
    Receiving,
    /// A scan that asks whether the pack is genuine.
    Inspecting,
    /// Supplied to the public.
    Dispensing,
    /// The serial number ended: decommissioned, exported, sampled.
    Decommissioning,
    /// The pack ended.
    Destroying,
    /// Sent or taken back.
    Returning,
    /// Made of other packs, or used up for them.
    Repackaging,
    /// In trade again after its end was undone.
    Restoring,
    /// Anything else: it was seen.
    Other,
}

impl Step {
    /// All steps; the place of one is its number.
    pub const ALL: [Self; 14] = [
        Self::Commissioning,
        Self::Packing,
        Self::Unpacking,
        Self::Shipping,
        Self::VoidShipping,
        Self::Receiving,
        Self::Inspecting,
        Self::Dispensing,
        Self::Decommissioning,
        Self::Destroying,
        Self::Returning,
        Self::Repackaging,
        Self::Restoring,
        Self::Other,
    ];

    /// The step's name in explanations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commissioning => "commissioning",
            Self::Packing => "packing",
            Self::Unpacking => "unpacking",
            Self::Shipping => "shipping",
            Self::VoidShipping => "void_shipping",
            Self::Receiving => "receiving",
            Self::Inspecting => "inspecting",
            Self::Dispensing => "dispensing",
            Self::Decommissioning => "decommissioning",
            Self::Destroying => "destroying",
            Self::Returning => "returning",
            Self::Repackaging => "repackaging",
            Self::Restoring => "restoring",
            Self::Other => "other",
        }
    }

    /// The step of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The step of a word of the vocabulary or of one's own; what is not known is [`Step::Other`].
    pub(crate) fn parse(term: Option<&Term>) -> Self {
        let Some(term) = term else { return Self::Other };
        match last_word(term.as_str()) {
            "commissioning" | "creating_class_instance" | "encoding" => Self::Commissioning,
            "packing" | "loading" | "assembling" | "staging_outbound" => Self::Packing,
            "unpacking" | "unloading" | "disassembling" => Self::Unpacking,
            "shipping" | "departing" => Self::Shipping,
            "void_shipping" => Self::VoidShipping,
            "receiving" | "arriving" | "accepting" => Self::Receiving,
            "inspecting" | "verifying" | "verification" => Self::Inspecting,
            "dispensing" | "retail_selling" | "administering" | "supplying" => Self::Dispensing,
            "decommissioning" | "exporting" | "sampling" => Self::Decommissioning,
            "destroying" | "consuming" => Self::Destroying,
            "returning" => Self::Returning,
            "repackaging" | "transforming" | "creating" => Self::Repackaging,
            word if ["undo", "restor", "reactivat", "reinstat", "undispens", "revert", "void", "cancel"]
                .iter()
                .any(|part| word.contains(part)) =>
            {
                Self::Restoring
            }
            _ => Self::Other,
        }
    }

    /// Whether the pack is no longer in trade after it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Dispensing | Self::Decommissioning | Self::Destroying)
    }

    /// Whether goods move by it from one party to another.
    pub const fn is_transfer(self) -> bool {
        matches!(self, Self::Shipping | Self::Receiving | Self::Returning)
    }
}

/// The state that an event leaves things in (CBV 2.0, section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Disposition {
    /// None, or one that tells nothing here.
    Other,
    /// May be sold.
    Available,
    /// On its way back.
    Returned,
    /// Recalled by its maker.
    Recalled,
    /// Not to be sold: damaged, expired, set apart.
    NonSellable,
    /// Supplied to the public.
    Dispensed,
    /// Gone for good.
    Ended,
    /// Known to be stolen.
    Stolen,
}

impl Disposition {
    /// All dispositions; the place of one is its number.
    pub const ALL: [Self; 8] = [
        Self::Other,
        Self::Available,
        Self::Returned,
        Self::Recalled,
        Self::NonSellable,
        Self::Dispensed,
        Self::Ended,
        Self::Stolen,
    ];

    /// The state's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Available => "available",
            Self::Returned => "returned",
            Self::Recalled => "recalled",
            Self::NonSellable => "non_sellable",
            Self::Dispensed => "dispensed",
            Self::Ended => "ended",
            Self::Stolen => "stolen",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    pub(crate) fn parse(term: Option<&Term>) -> Self {
        let Some(term) = term else { return Self::Other };
        match last_word(term.as_str()) {
            "sellable_accessible" | "sellable_not_accessible" | "available" | "active" => Self::Available,
            "returned" => Self::Returned,
            "recalled" => Self::Recalled,
            "dispensed" | "retail_sold" | "partially_dispensed" => Self::Dispensed,
            "destroyed" | "disposed" | "inactive" | "decommissioned" => Self::Ended,
            "stolen" => Self::Stolen,
            word if word.starts_with("non_sellable") || matches!(word, "expired" | "damaged" | "needs_replacement") => {
                Self::NonSellable
            }
            _ => Self::Other,
        }
    }

    /// Whether goods in this state go back or away, which is not trade.
    pub const fn is_reverse(self) -> bool {
        matches!(self, Self::Returned | Self::Recalled | Self::NonSellable | Self::Ended)
    }
}

/// What stands behind the last separator: `urn:x:bizstep:dispensing`, `https://x/BizStep-dispensing`, `x:dispensing`.
pub(crate) fn last_word(text: &str) -> &str {
    text.rsplit([':', '/', '#', '-']).next().unwrap_or(text)
}
