//! What stands around the events of an XML document: its own element, its header and their ends.

use super::header::{SBDH, synthesised};
use super::out::{Out, tag};
use super::parser::{EPCIS_1, EPCIS_2, XML};
use crate::error::Fault;
use crate::model::{
    Header, MasterData, MasterDataElement, Name, Namespace, Timestamp, VERIDOSE_NAMESPACE, VERIDOSE_PREFIX,
};
use crate::scope::{Prefixes, XSD, XSI};

/// Why a field cannot be written: its name and the fault.
pub(crate) type Refusal = (&'static str, Fault);

/// Names the field of a fault.
pub(crate) trait InField<T> {
    /// The fault as one of this field.
    fn in_field(self, field: &'static str) -> Result<T, Refusal>;
}

impl<T> InField<T> for Result<T, Fault> {
    fn in_field(self, field: &'static str) -> Result<T, Refusal> {
        self.map_err(|fault| (field, fault))
    }
}

/// The namespace of what queries answer with.
const QUERY: &str = "urn:epcglobal:epcis-query:xsd:2";

/// The version of EPCIS that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

impl Version {
    const fn namespace(self) -> &'static str {
        match self {
            Self::V1 => EPCIS_1,
            Self::V2 => EPCIS_2,
        }
    }

    const fn number(self) -> &'static str {
        match self {
            Self::V1 => "1.2",
            Self::V2 => "2.0",
        }
    }

    /// The prefixes that documents of this version declare themselves.
    pub(crate) fn prefixes(self) -> Prefixes {
        Prefixes::new(&[
            ("xml", XML),
            ("xsi", XSI),
            ("xsd", XSD),
            ("epcis", self.namespace()),
            (VERIDOSE_PREFIX, VERIDOSE_NAMESPACE),
        ])
    }
}

/// Everything of a document up to its first event.
pub(crate) fn document_start(
    out: &mut Out,
    header: &Header,
    prefixes: &mut Prefixes,
    version: Version,
) -> Result<(), Refusal> {
    let sbdh = header.sbdh.as_deref().cloned().or_else(|| synthesised(header));
    let mark = prefixes.since(0).len();
    prefixes.enter_document(header);
    if sbdh.is_some() {
        // The element itself is of this namespace, whatever is in it.
        prefixes.enter_namespace(&Namespace::new("sbdh", SBDH));
    }
    out.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.start("epcis:EPCISDocument");
    document_attributes(out, header, version).in_field("EPCISDocument")?;
    for namespace in prefixes.since(mark) {
        out.attribute(&format!("xmlns:{}", namespace.prefix), &namespace.uri).in_field("EPCISDocument")?;
    }
    out.body();
    if sbdh.is_some() || !header.master_data.is_empty() || !header.extensions.is_empty() {
        out.open("EPCISHeader");
        if let Some(sbdh) = &sbdh {
            let name = Name::new(Some(Namespace::new("sbdh", SBDH)), "StandardBusinessDocumentHeader");
            let name = tag(&name, prefixes);
            out.start(&name);
            out.object(sbdh, prefixes).in_field("StandardBusinessDocumentHeader")?;
            out.close(&name);
        }
        master_data_lists(out, &header.master_data, prefixes).in_field("EPCISMasterData")?;
        out.fields(&header.extensions, prefixes).in_field("EPCISHeader")?;
        out.close("EPCISHeader");
    }
    out.fields(&header.document_extensions, prefixes).in_field("EPCISDocument")?;
    out.raw("<EPCISBody><EventList>");
    Ok(())
}

fn document_attributes(out: &mut Out, header: &Header, version: Version) -> Result<(), Fault> {
    out.attribute("xmlns:epcis", version.namespace())?;
    out.attribute("schemaVersion", version.number())?;
    out.optional_attribute("creationDate", header.creation_date.as_ref().map(Timestamp::as_str))?;
    if let Some(id) = &header.id {
        out.own_attribute("id", id.as_str())?;
    }
    if !header.contexts.is_empty() {
        out.own_attribute("contexts", &header.contexts.join(" "))?;
    }
    Ok(())
}

/// What closes the elements of [`document_start`].
pub(crate) fn document_end(out: &mut Out) {
    out.raw("\n</EventList></EPCISBody></epcis:EPCISDocument>\n");
}

/// Everything of an answer to a query up to its first event, in EPCIS 2.0.
pub(crate) fn answer_start(out: &mut Out, query: &str, created: &Timestamp) -> Result<(), Refusal> {
    out.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.start("epcisq:EPCISQueryDocument");
    out.attribute("xmlns:epcisq", QUERY).in_field("EPCISQueryDocument")?;
    out.attribute("xmlns:epcis", EPCIS_2).in_field("EPCISQueryDocument")?;
    for (prefix, uri) in [("xsi", XSI), (VERIDOSE_PREFIX, VERIDOSE_NAMESPACE)] {
        out.attribute(&format!("xmlns:{prefix}"), uri).in_field("EPCISQueryDocument")?;
    }
    out.attribute("xmlns:xsd", XSD).in_field("EPCISQueryDocument")?;
    out.attribute("schemaVersion", Version::V2.number()).in_field("schemaVersion")?;
    out.attribute("creationDate", created.as_str()).in_field("creationDate")?;
    out.body();
    out.raw("<EPCISBody><epcisq:QueryResults>");
    out.element("queryName", query).in_field("queryName")?;
    out.raw("<resultsBody><EventList>");
    Ok(())
}

/// What closes the elements of [`answer_start`].
pub(crate) fn answer_end(out: &mut Out) {
    out.raw("\n</EventList></resultsBody></epcisq:QueryResults></EPCISBody></epcisq:EPCISQueryDocument>\n");
}

fn master_data_lists(out: &mut Out, lists: &[MasterData], prefixes: &Prefixes) -> Result<(), Fault> {
    if lists.is_empty() {
        return Ok(());
    }
    out.raw("<extension><EPCISMasterData><VocabularyList>");
    for list in lists {
        out.start("Vocabulary");
        out.attribute("type", list.kind.as_str())?;
        out.body();
        out.open("VocabularyElementList");
        for element in &list.elements {
            master_data_element(out, element, prefixes)?;
        }
        out.close("VocabularyElementList");
        out.fields(&list.extensions, prefixes)?;
        out.close("Vocabulary");
    }
    out.raw("</VocabularyList></EPCISMasterData></extension>");
    Ok(())
}

fn master_data_element(out: &mut Out, element: &MasterDataElement, prefixes: &Prefixes) -> Result<(), Fault> {
    out.start("VocabularyElement");
    out.attribute("id", element.id.as_str())?;
    out.body();
    for attribute in &element.attributes {
        out.start("attribute");
        out.attribute("id", attribute.id.as_str())?;
        out.value("attribute", &attribute.value, prefixes)?;
    }
    if !element.children.is_empty() {
        out.open("children");
        element.children.iter().try_for_each(|child| out.element("id", child.as_str()))?;
        out.close("children");
    }
    out.fields(&element.extensions, prefixes)?;
    out.close("VocabularyElement");
    Ok(())
}
