//! Words of the Core Business Vocabulary, which every syntax spells differently.

use std::fmt;

use crate::error::{Fault, shown};

/// A list of standard words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// Business steps.
    BizStep,
    /// Dispositions.
    Disposition,
    /// Types of business transactions.
    BizTransactionType,
    /// Types of sources and destinations.
    SourceDestType,
    /// Reasons of error declarations.
    ErrorReason,
    /// Components of a measured value, such as an axis.
    Component,
    /// Measured properties of the GS1 web vocabulary.
    Measurement,
    /// Sensor exceptions of the GS1 web vocabulary.
    SensorException,
}

/// The `cbv:` namespace of the web vocabulary.
pub(crate) const CBV_WEB: &str = "https://ref.gs1.org/cbv/";

/// The `gs1:` namespace of the web vocabulary, as the EPCIS context of 2.0.0 has it.
pub(crate) const GS1_WEB: &str = "https://gs1.org/voc/";

impl Vocabulary {
    /// Everything that a standard word is prefixed with in some syntax. The first one is what XML is written with, the
    /// second the full web URI.
    const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::BizStep => &[
                "urn:epcglobal:cbv:bizstep:",
                "https://ref.gs1.org/cbv/BizStep-",
                "cbv:BizStep-",
                "http://ref.gs1.org/cbv/BizStep-",
            ],
            Self::Disposition => &[
                "urn:epcglobal:cbv:disp:",
                "https://ref.gs1.org/cbv/Disp-",
                "cbv:Disp-",
                "http://ref.gs1.org/cbv/Disp-",
            ],
            Self::BizTransactionType => {
                &["urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-", "cbv:BTT-", "http://ref.gs1.org/cbv/BTT-"]
            }
            Self::SourceDestType => {
                &["urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-", "cbv:SDT-", "http://ref.gs1.org/cbv/SDT-"]
            }
            Self::ErrorReason => {
                &["urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-", "cbv:ER-", "http://ref.gs1.org/cbv/ER-"]
            }
            Self::Component => &["cbv:Comp-", "https://ref.gs1.org/cbv/Comp-", "http://ref.gs1.org/cbv/Comp-"],
            Self::Measurement | Self::SensorException => {
                &["gs1:", "https://gs1.org/voc/", "https://ref.gs1.org/voc/", "https://www.gs1.org/voc/"]
            }
        }
    }
}

/// A word of a vocabulary: bare where it is a standard one (`shipping`), else the URI or CURIE as received.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(Box<str>);

impl Term {
    /// Parses a word in any of its spellings: `shipping`, `urn:epcglobal:cbv:bizstep:shipping`,
    /// `https://ref.gs1.org/cbv/BizStep-shipping`, `cbv:BizStep-shipping`, or a URI of one's own.
    pub fn parse(vocabulary: Vocabulary, text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        for prefix in vocabulary.prefixes() {
            if let Some(word) = text.strip_prefix(prefix).filter(|word| is_word(word)) {
                return Ok(Self(word.into()));
            }
        }
        if is_word(text) || super::Uri::parse(text).is_ok() {
            return Ok(Self(text.into()));
        }
        Err(Fault::new(
            format!("{} is neither a word of the vocabulary nor a URI", shown(text)),
            "give a word of the Core Business Vocabulary or a URI of your own",
        ))
    }

    /// The standard word, or the URI where it is not a standard one.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The prefix and the rest, where the word is a URI or CURIE of one's own.
    pub(crate) fn curie(&self) -> Option<(&str, &str)> {
        self.0.split_once(':')
    }

    /// The spelling of XML documents.
    pub(crate) fn xml_prefix(&self, vocabulary: Vocabulary) -> &'static str {
        if self.is_standard() { vocabulary.prefixes()[0] } else { "" }
    }

    /// The full URI of the web vocabulary, the form of event hashes.
    pub(crate) fn web_prefix(&self, vocabulary: Vocabulary) -> &'static str {
        if self.is_standard() { vocabulary.prefixes()[1] } else { "" }
    }

    /// Whether this is a bare word of the standard.
    pub fn is_standard(&self) -> bool {
        !self.0.contains(':')
    }
}

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn is_word(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
