//! The files of the catalogue; a desk adds one in each language.

macro_rules! files {
    ($($name:literal)*) => {
        pub(super) const ENGLISH: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../locales/en/", $name, ".ftl"))),)*];
        pub(super) const GERMAN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../locales/de/", $name, ".ftl"))),)*];
    };
}

files! {
    "frame"
    "problem"
    "verdict"
    "counter"
    "models"
    "operator"
    "parts"
    "ledger"
    "live"
    "me"
    "cases"
    "codes"
    "script"
    "shipping"
    "fault"
    "stock"
}
