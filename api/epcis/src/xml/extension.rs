//! User extensions from XML elements, and how a JSON value that XML has no form for is marked.

use super::tree::{At, Space, Tree};
use crate::error::{EpcisError, Fault, Location};
use crate::model::{Fields, Name, Namespace, Number, Object, VERIDOSE_NAMESPACE, Value};
use crate::scope::XSI;

/// Attribute of [`VERIDOSE_NAMESPACE`]: the element is a list with one [`ITEM`] for each value.
pub(crate) const LIST: &str = "list";
/// Attribute of [`VERIDOSE_NAMESPACE`]: the element is an object without members.
pub(crate) const OBJECT: &str = "object";
/// Element of [`VERIDOSE_NAMESPACE`] in a list.
pub(crate) const ITEM: &str = "item";
/// Element of [`VERIDOSE_NAMESPACE`] for a member whose name XML does not accept.
pub(crate) const MEMBER: &str = "member";
/// Attributes of a [`MEMBER`].
pub(crate) const MEMBER_NAME: &str = "name";
/// See [`MEMBER_NAME`].
pub(crate) const MEMBER_NAMESPACE: &str = "namespace";
/// Attribute of [`VERIDOSE_NAMESPACE`] on sensor data: extensions that attributes cannot hold, as JSON.
pub(crate) const EXTENSIONS: &str = "extensions";

/// Adds the element to the extensions of an element of the standard: its name must be in a namespace.
pub(crate) fn extend(fields: &mut Fields, tree: &Tree, at: At) -> Result<(), EpcisError> {
    let name = name(tree, at)?;
    if name.namespace.is_none() {
        return Err(Fault::new(
            "not an element of the standard",
            "correct its name, or put it into a namespace of your own",
        )
        .at(Location::Line(tree.node(at).line), name.local));
    }
    fields.add(name, value(tree, at)?);
    Ok(())
}

/// All children of an element as extensions.
pub(crate) fn fields(tree: &Tree, at: At) -> Result<Fields, EpcisError> {
    let mut fields = Fields::default();
    for child in tree.children(at) {
        fields.add(name(tree, child)?, value(tree, child)?);
    }
    Ok(fields)
}

fn name(tree: &Tree, at: At) -> Result<Name, EpcisError> {
    let own = |local| tree.attribute_of(at, VERIDOSE_NAMESPACE, local);
    let element = tree.name(at);
    let Some(name) = own(MEMBER_NAME).filter(|_| element.is(VERIDOSE_NAMESPACE, MEMBER)) else { return Ok(element) };
    let namespace = own(MEMBER_NAMESPACE).map(|uri| Namespace::new("", uri));
    // JSON would read what is before the colon as a prefix.
    if namespace.is_none() && name.contains(':') && !name.starts_with('@') {
        return Err(Fault::new("a name with a colon and no namespace", "name its namespace, or leave the colon out")
            .at(Location::Line(tree.node(at).line), MEMBER_NAME));
    }
    Ok(Name::new(namespace, name))
}

/// Reads the value of an extension element.
pub(crate) fn value(tree: &Tree, at: At) -> Result<Value, EpcisError> {
    value_beside(tree, at, "")
}

/// Reads the value of an element whose attribute `beside` means something else.
pub(crate) fn value_beside(tree: &Tree, at: At, beside: &str) -> Result<Value, EpcisError> {
    if tree.node(at).mixed {
        return Err(Fault::new("text and elements are mixed", "put the text into an element of its own")
            .at(Location::Line(tree.node(at).line), tree.local(at)));
    }
    if tree.attribute_of(at, VERIDOSE_NAMESPACE, LIST).is_some() {
        return tree.children(at).map(|item| value(tree, item)).collect::<Result<_, _>>().map(Value::List);
    }
    if tree.attribute_of(at, XSI, "nil") == Some("true") {
        return Ok(Value::Null);
    }
    let attributes: Vec<_> = tree
        .attributes(at)
        .filter(|(space, name, _)| {
            !is_marker(tree.space_uri(*space), name) && (*space != Space::None || *name != beside)
        })
        .collect();
    let text = tree.text(at);
    if let [(space, "type", kind)] = attributes[..]
        && tree.space_uri(space) == XSI
        && let Some(typed) = typed(kind, text)
    {
        return Ok(typed);
    }
    let fields = fields(tree, at)?;
    let is_object = tree.attribute_of(at, VERIDOSE_NAMESPACE, OBJECT).is_some();
    if attributes.is_empty() && fields.is_empty() && !is_object {
        return Ok(Value::Text(text.into()));
    }
    let attributes =
        attributes.into_iter().map(|(space, local, value)| (tree.attribute_name(space, local), value.into()));
    let text = (fields.is_empty() && !text.is_empty()).then(|| text.into());
    Ok(Value::Object(Box::new(Object { attributes: attributes.collect(), text, fields })))
}

/// Whether an attribute says how a value is written and is no part of it.
pub(crate) fn is_marker(namespace: &str, local: &str) -> bool {
    namespace == VERIDOSE_NAMESPACE && [LIST, OBJECT, MEMBER_NAME, MEMBER_NAMESPACE].contains(&local)
}

/// The value that an `xsi:type` of this codec marks; other types are kept as attributes.
fn typed(kind: &str, text: &str) -> Option<Value> {
    match (kind.rsplit(':').next()?, text) {
        ("boolean", "true") => Some(Value::Bool(true)),
        ("boolean", "false") => Some(Value::Bool(false)),
        ("double", _) => Number::parse(text).ok().filter(|number| number.as_str() == text).map(Value::Number),
        _ => None,
    }
}
