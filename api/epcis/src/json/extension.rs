//! User extensions from JSON members.

use super::tree::{Json, Member};
use super::trouble::Trouble;
use crate::error::{Fault, shown};
use crate::model::{Fields, Name, Namespace, Number, Object, VERIDOSE_NAMESPACE, VERIDOSE_PREFIX, Value};
use crate::scope::{JSON_PREFIXES, Scope};

/// The member of an object that holds the attributes of the XML element it was.
pub(crate) const ATTRIBUTES: &str = "attributes";

/// The member of an object that holds the text of the XML element it was.
pub(crate) const TEXT: &str = "text";

/// Reads one extension of a standard object: its name must have a declared prefix.
pub(crate) fn extend(fields: &mut Fields, member: Member<'_>, scope: &Scope) -> Result<(), Trouble> {
    let (key, value) = member;
    if !key.contains(':') {
        return Err(Trouble::from(Fault::new(
            "not a field of the standard",
            "correct its name, or give it a prefix and declare that in @context",
        ))
        .within(&key));
    }
    let name = name(&key, scope).map_err(|trouble| trouble.within(&key))?;
    let value = self::value(value, scope).map_err(|trouble| trouble.within(&key))?;
    // Two prefixes of one namespace can spell one name twice.
    fields.add(name, value);
    Ok(())
}

/// Reads an object that holds nothing but extensions.
pub(crate) fn fields(value: Json<'_>, scope: &Scope) -> Result<Fields, Trouble> {
    let Json::Object(members) = value else {
        return Err(Trouble::from(Fault::new(format!("{} where an object should be", value.kind()), "put it in { }")));
    };
    let mut fields = Fields::default();
    for (key, value) in members {
        let name = name(&key, scope).map_err(|trouble| trouble.within(&key))?;
        let value = self::value(value, scope).map_err(|trouble| trouble.within(&key))?;
        fields.add(name, value);
    }
    Ok(fields)
}

/// Reads the value of an extension.
pub(crate) fn value(value: Json<'_>, scope: &Scope) -> Result<Value, Trouble> {
    match value {
        Json::Null => Ok(Value::Null),
        Json::Bool(is) => Ok(Value::Bool(is)),
        Json::Number(text) => Ok(Value::Number(Number::parse(text)?)),
        Json::Text(text) => Ok(Value::Text(text.into())),
        Json::List(values) => {
            let values = values
                .into_iter()
                .enumerate()
                .map(|(at, value)| self::value(value, scope).map_err(|trouble| trouble.at_index(at)));
            values.collect::<Result<_, _>>().map(Value::List)
        }
        Json::Object(members) => {
            let object = object(members, scope)?;
            match object.text {
                // Text alone is text: the form with a name is only for an element that also has attributes.
                Some(text) if object.attributes.is_empty() && object.fields.is_empty() => Ok(Value::Text(text)),
                Some(_) if !object.fields.is_empty() => {
                    Err(Fault::new("text and members are mixed", "put the text into a member of its own").into())
                }
                _ => Ok(Value::Object(Box::new(object))),
            }
        }
    }
}

fn object(members: Vec<Member<'_>>, scope: &Scope) -> Result<Object, Trouble> {
    let mut object = Object::default();
    for (key, value) in members {
        let within = |trouble: Trouble| trouble.within(&key);
        let name = name(&key, scope).map_err(within)?;
        match value {
            Json::Text(text) if name.is(VERIDOSE_NAMESPACE, TEXT) => {
                object.text = (!text.is_empty()).then(|| text.into());
            }
            Json::Object(attributes) if name.is(VERIDOSE_NAMESPACE, ATTRIBUTES) => {
                for (key, value) in attributes {
                    let Json::Text(text) = value else {
                        return Err(
                            Trouble::from(Fault::new("an attribute is not a string", "put it in quotes")).within(&key)
                        );
                    };
                    object
                        .attributes
                        .push((self::name(&key, scope).map_err(|trouble| trouble.within(&key))?, text.into()));
                }
            }
            value => object.fields.add(name, self::value(value, scope).map_err(within)?),
        }
    }
    Ok(object)
}

/// Resolves `prefix:local`; a name without a prefix, or a keyword of JSON-LD, has no namespace.
fn name(key: &str, scope: &Scope) -> Result<Name, Trouble> {
    let Some((prefix, local)) = key.split_once(':').filter(|_| !key.starts_with('@')) else {
        return Ok(Name::new(None, key));
    };
    if let Some(namespace) = scope.find(prefix) {
        return Ok(Name::new(Some(namespace.clone()), local));
    }
    let own = (VERIDOSE_PREFIX, VERIDOSE_NAMESPACE);
    match JSON_PREFIXES.into_iter().chain([own]).find(|(known, _)| *known == prefix) {
        Some((prefix, uri)) => Ok(Name::new(Some(Namespace::new(prefix, uri)), local)),
        None => Err(Trouble::from(Fault::new(
            format!("the prefix {} is not declared", shown(prefix)),
            format!("add {{\"{prefix}\": \"<namespace URI>\"}} to @context"),
        ))),
    }
}
