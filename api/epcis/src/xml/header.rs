//! The header of an XML document: SBDH, master data and extensions.

use super::extension::{extend, value, value_beside};
use super::tree::{At, Tree};
use crate::error::{EpcisError, Fault, Location};
use crate::model::{
    Fields, Header, MasterData, MasterDataAttribute, MasterDataElement, Name, Namespace, Object, Timestamp, Uri, Value,
};

/// The namespace of the Standard Business Document Header.
pub(crate) const SBDH: &str = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader";

/// Reads the `EPCISHeader` at the root of the tree.
pub(crate) fn header(header: &mut Header, tree: &Tree) -> Result<(), EpcisError> {
    children(header, tree, 0)
}

fn children(header: &mut Header, tree: &Tree, at: At) -> Result<(), EpcisError> {
    for child in tree.children(at) {
        if tree.is(child, "extension") {
            children(header, tree, child)?;
        } else if tree.is(child, "EPCISMasterData") {
            master_data(header, tree, child)?;
        } else if tree.name(child).is(SBDH, "StandardBusinessDocumentHeader") {
            sbdh(header, value(tree, child)?);
        } else if tree.is_standard(child) {
            return Err(unknown(tree, child));
        } else {
            extend(&mut header.extensions, tree, child)?;
        }
    }
    Ok(())
}

fn unknown(tree: &Tree, at: At) -> EpcisError {
    Fault::new("not an element of the header", "correct its name, or put it into a namespace of your own")
        .at(Location::Line(tree.node(at).line), tree.local(at))
}

fn sbdh(header: &mut Header, value: Value) {
    let object = match value {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => return,
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_text).map(|text| text.trim().into());
    let identifier = |party| {
        let party = match object.fields.get(SBDH, party)? {
            Value::List(several) => several.first()?,
            one => one,
        };
        text(party.fields().and_then(|party| party.get(SBDH, "Identifier")))
    };
    header.sender = identifier("Sender");
    header.receiver = identifier("Receiver");
    let document = object.fields.get(SBDH, "DocumentIdentification").and_then(Value::fields);
    header.instance_identifier = text(document.and_then(|document| document.get(SBDH, "InstanceIdentifier")));
    // A header that says no more than what JSON has fields for need not be kept whole.
    if synthesised(header).as_ref() != Some(&*object) {
        header.sbdh = Some(object);
    }
}

/// The Standard Business Document Header for what a JSON document says of its sender, receiver and number.
pub(crate) fn synthesised(header: &Header) -> Option<Object> {
    if header.sender.is_none() && header.receiver.is_none() && header.instance_identifier.is_none() {
        return None;
    }
    let namespace = Namespace::new("sbdh", SBDH);
    let name = |local| Name::new(Some(namespace.clone()), local);
    let text = |text: &str| Value::Text(text.into());
    let object = |fields: Vec<(Name, Value)>| Object { fields: Fields(fields), ..Object::default() };
    let mut fields = vec![(name("HeaderVersion"), text("1.0"))];
    for (role, party) in [("Sender", &header.sender), ("Receiver", &header.receiver)] {
        if let Some(party) = party {
            let identifier = object(vec![(name("Identifier"), text(party))]);
            fields.push((name(role), Value::Object(Box::new(identifier))));
        }
    }
    let mut document = vec![(name("Standard"), text("EPCglobal")), (name("TypeVersion"), text("1.0"))];
    if let Some(id) = &header.instance_identifier {
        document.push((name("InstanceIdentifier"), text(id)));
    }
    document.push((name("Type"), text("Events")));
    if let Some(date) = &header.creation_date {
        document.push((name("CreationDateAndTime"), text(date.as_str())));
    }
    fields.push((name("DocumentIdentification"), Value::Object(Box::new(object(document)))));
    Some(object(fields))
}

fn master_data(header: &mut Header, tree: &Tree, at: At) -> Result<(), EpcisError> {
    for list in tree.children(at) {
        if tree.is(list, "extension") {
            master_data(header, tree, list)?;
            continue;
        }
        if !tree.is(list, "VocabularyList") {
            return Err(unknown(tree, list));
        }
        for child in tree.children(list) {
            header.master_data.push(vocabulary(tree, child)?);
        }
    }
    Ok(())
}

fn identified(tree: &Tree, at: At, attribute: &str, parse: fn(&str) -> Result<Uri, Fault>) -> Result<Uri, EpcisError> {
    let fault = |fault: Fault| fault.at(Location::Line(tree.node(at).line), attribute);
    let text = tree
        .plain_attribute(at, attribute)
        .ok_or_else(|| fault(crate::model::missing("every vocabulary and every element of one has it")))?;
    parse(text).map_err(fault)
}

fn vocabulary(tree: &Tree, at: At) -> Result<MasterData, EpcisError> {
    let kind = identified(tree, at, "type", Uri::parse)?;
    let (mut elements, mut extensions) = (Vec::new(), Fields::default());
    for child in tree.children(at) {
        if !tree.is(child, "VocabularyElementList") {
            extend(&mut extensions, tree, child)?;
            continue;
        }
        for item in tree.children(child) {
            elements.push(element(tree, item)?);
        }
    }
    Ok(MasterData { kind, elements, extensions })
}

fn element(tree: &Tree, at: At) -> Result<MasterDataElement, EpcisError> {
    let id = identified(tree, at, "id", Uri::parse)?;
    let (mut attributes, mut children, mut extensions) = (Vec::new(), Vec::new(), Fields::default());
    for child in tree.children(at) {
        if tree.is(child, "attribute") {
            attributes.push(attribute(tree, child)?);
        } else if tree.is(child, "children") {
            for id in tree.children(child) {
                let uri = Uri::parse(tree.text(id));
                children.push(uri.map_err(|fault| fault.at(Location::Line(tree.node(id).line), "children"))?);
            }
        } else {
            extend(&mut extensions, tree, child)?;
        }
    }
    Ok(MasterDataElement { id, attributes, children, extensions })
}

fn attribute(tree: &Tree, at: At) -> Result<MasterDataAttribute, EpcisError> {
    let id = identified(tree, at, "id", crate::json::attribute_id)?;
    Ok(MasterDataAttribute { id, value: value_beside(tree, at, "id")? })
}

/// What the attributes of the document's own element say.
pub(crate) fn document_attributes(header: &mut Header, tree: &Tree) -> Result<(), EpcisError> {
    let fault = |field: &'static str| move |fault: Fault| fault.at(Location::Line(tree.node(0).line), field);
    if let Some(date) = tree.plain_attribute(0, "creationDate") {
        header.creation_date = Some(Timestamp::parse(date).map_err(fault("creationDate"))?);
    }
    let own = |local| tree.attribute_of(0, crate::model::VERIDOSE_NAMESPACE, local);
    if let Some(id) = own("id") {
        header.id = Some(Uri::parse(id).map_err(fault("id"))?);
    }
    header.contexts = own("contexts").unwrap_or("").split_ascii_whitespace().map(Into::into).collect();
    Ok(())
}
