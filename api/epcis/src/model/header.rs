//! What a document says before its events.

use std::sync::Arc;

use super::{Fields, Namespace, Object, Timestamp, Uri, Value};

/// Everything of a document but its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// When the document was made.
    pub creation_date: Option<Timestamp>,
    /// The document's own identifier (JSON `id`).
    pub id: Option<Uri>,
    /// Who sent it (SBDH `Sender/Identifier`).
    pub sender: Option<Box<str>>,
    /// For whom it is (SBDH `Receiver/Identifier`).
    pub receiver: Option<Box<str>>,
    /// The sender's number of this document (SBDH `InstanceIdentifier`).
    pub instance_identifier: Option<Box<str>>,
    /// The Standard Business Document Header, where it says more than the three fields above.
    pub sbdh: Option<Box<Object>>,
    /// Master data.
    pub master_data: Vec<MasterData>,
    /// User extensions of the header, such as the DSCSA transaction statement.
    pub extensions: Fields,
    /// User extensions beside header and body.
    pub document_extensions: Fields,
    /// Prefixes that the document declares.
    pub namespaces: Vec<Arc<Namespace>>,
    /// JSON-LD contexts that are named by URL, other than the one of EPCIS.
    pub contexts: Vec<Box<str>>,
}

/// One vocabulary of master data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterData {
    /// What is described, such as `urn:epcglobal:epcis:vtype:EPCClass`.
    pub kind: Uri,
    /// What is said of each.
    pub elements: Vec<MasterDataElement>,
    /// User extensions.
    pub extensions: Fields,
}

/// What is said of one product, place or party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterDataElement {
    /// Whom or what it is about.
    pub id: Uri,
    /// Attributes in order; an attribute may stand several times.
    pub attributes: Vec<MasterDataAttribute>,
    /// What belongs to it, such as the read points of a site.
    pub children: Vec<Uri>,
    /// User extensions.
    pub extensions: Fields,
}

/// One attribute of master data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterDataAttribute {
    /// Its name, in the spelling `urn:epcglobal:cbv:mda#…` where it is a standard one.
    pub id: Uri,
    /// Its value.
    pub value: Value,
}

/// What a standard attribute's name begins with.
pub(crate) const CBVMDA_ATTRIBUTE: &str = "urn:epcglobal:cbv:mda#";

impl MasterDataElement {
    /// The text of the standard attribute `name`, such as `regulatedProductName`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.id.as_str().strip_prefix(CBVMDA_ATTRIBUTE) == Some(name))
            .and_then(|attribute| attribute.value.as_text())
    }

    /// The US National Drug Code, where the product is identified by one.
    pub fn ndc(&self) -> Option<&str> {
        self.additional_identification("US_FDA_NDC")
    }

    /// The further identification of this type, such as `US_FDA_NDC`: the one whose type code follows or precedes it.
    pub fn additional_identification(&self, type_code: &str) -> Option<&str> {
        let values = |name: &'static str| {
            self.attributes
                .iter()
                .filter(move |attribute| attribute.id.as_str().strip_prefix(CBVMDA_ATTRIBUTE) == Some(name))
                .filter_map(|attribute| attribute.value.as_text())
        };
        let codes = values("additionalTradeItemIdentificationTypeCode");
        let place = codes.into_iter().position(|code| code == type_code)?;
        values("additionalTradeItemIdentification").nth(place)
    }
}

impl Header {
    /// What the master data says of `id` under a vocabulary type that ends in `kind`, such as `EPCClass` or `Location`.
    pub fn master_data_of(&self, kind: &str, id: &str) -> Option<&MasterDataElement> {
        self.master_data
            .iter()
            .filter(|list| list.kind.as_str().rsplit([':', '/', '#', '-']).next() == Some(kind))
            .flat_map(|list| &list.elements)
            .find(|element| element.id.as_str() == id)
    }

    /// Whether the sender affirms the DSCSA transaction statement (`affirmTransactionStatement` of the GS1 US guideline).
    pub fn affirms_transaction_statement(&self) -> bool {
        self.extensions
            .get_local("dscsaTransactionStatement")
            .and_then(Value::fields)
            .and_then(|statement| statement.get_local("affirmTransactionStatement"))
            .and_then(Value::as_text)
            .is_some_and(|affirmed| matches!(affirmed.trim(), "true" | "1"))
    }
}
