//! The header of a JSON document: contexts, master data and extensions.

use super::event::{list, members, present, text};
use super::extension::{extend, value};
use super::tree::Json;
use super::trouble::Trouble;
use crate::error::{Fault, shown};
use crate::model::{
    CBVMDA_ATTRIBUTE, Fields, Header, MasterData, MasterDataAttribute, MasterDataElement, Namespace, Object, Timestamp,
    Uri, VERIDOSE_NAMESPACE, Value,
};
use crate::scope::{JSON_PREFIXES, Scope};

/// The member of `epcisHeader` that holds the whole Standard Business Document Header of an XML document.
pub(crate) const SBDH: &str = "sbdh";

/// Reads a context of a document or event: URLs and prefixes. `declared` is told of each.
pub(crate) fn context(context: &Json<'_>, scope: &mut Scope, contexts: &mut Vec<Box<str>>) -> Result<(), Trouble> {
    match context {
        Json::Text(url) => {
            if !is_epcis_context(url) {
                contexts.push(url.as_ref().into());
            }
            Ok(())
        }
        Json::List(parts) => parts.iter().enumerate().try_for_each(|(at, part)| match part {
            Json::List(_) => Err(Trouble::from(Fault::new("a list in a list", "flatten it")).at_index(at)),
            _ => self::context(part, scope, contexts).map_err(|trouble| trouble.at_index(at)),
        }),
        Json::Object(definitions) => definitions
            .iter()
            .try_for_each(|(prefix, uri)| define(prefix, uri, scope).map_err(|trouble| trouble.within(prefix))),
        other => {
            Err(Fault::new(format!("{} where a context should be", other.kind()), "give a URL or prefixes").into())
        }
    }
}

/// Whether this is the context of EPCIS 2.0 in whatever edition.
fn is_epcis_context(url: &str) -> bool {
    url.ends_with("/epcis-context.jsonld")
        && (url.starts_with("https://ref.gs1.org/standards/epcis/")
            || url.starts_with("http://ref.gs1.org/standards/epcis/"))
}

fn define(prefix: &str, uri: &Json<'_>, scope: &mut Scope) -> Result<(), Trouble> {
    let uri = match uri {
        Json::Object(definition) => definition.iter().find(|(key, _)| key == "@id").map(|(_, id)| id),
        uri => Some(uri),
    };
    let uri = text(present(uri, "@id", "say which namespace the prefix stands for")?)?;
    if prefix.starts_with('@') || prefix.contains(':') || prefix.is_empty() {
        return Err(Fault::new(
            format!("{} is not a namespace prefix", shown(prefix)),
            "declare prefixes and name other contexts by URL",
        )
        .into());
    }
    let namespace = Namespace::new(prefix, uri);
    // Saying again what the context of EPCIS says declares nothing.
    if !JSON_PREFIXES.iter().any(|(known, uri)| *known == prefix && **uri == *namespace.uri) {
        scope.bind(namespace)?;
    }
    Ok(())
}

/// Reads `epcisHeader`.
pub(crate) fn epcis_header(header: &mut Header, value: Json<'_>, scope: &mut Scope) -> Result<(), Trouble> {
    for (key, member) in members(value)? {
        if key == "epcisMasterData" {
            header.master_data = master_data(member, scope).map_err(|trouble| trouble.within(&key))?;
        } else {
            extend(&mut header.extensions, (key, member), scope)?;
        }
    }
    let sbdh = header.extensions.0.iter().position(|(name, _)| name.is(VERIDOSE_NAMESPACE, SBDH));
    if let Some(at) = sbdh {
        let (_, value) = header.extensions.0.remove(at);
        header.sbdh = Some(match value {
            Value::Object(object) => object,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                Box::new(Object::default())
            }
        });
    }
    Ok(())
}

/// Reads a member of the document itself that is neither context, header nor body. Returns whether it is known.
pub(crate) fn document_field(header: &mut Header, key: &str, value: Json<'_>, scope: &Scope) -> Result<(), Trouble> {
    let result = match key {
        "schemaVersion" => text(&value).and_then(|version| version_known(version).map_err(Trouble::from)),
        "creationDate" => text(&value)
            .and_then(|date| Timestamp::parse(date).map_err(Trouble::from))
            .map(|date| header.creation_date = Some(date)),
        "id" => text(&value).and_then(|id| Uri::parse(id).map_err(Trouble::from)).map(|id| header.id = Some(id)),
        "sender" => text(&value).map(|sender| header.sender = Some(sender.into())),
        "receiver" => text(&value).map(|receiver| header.receiver = Some(receiver.into())),
        "instanceIdentifier" => text(&value).map(|id| header.instance_identifier = Some(id.into())),
        _ => return extend(&mut header.document_extensions, (key.into(), value), scope),
    };
    result.map_err(|trouble| trouble.within(key))
}

fn version_known(version: &str) -> Result<(), Fault> {
    if version == "2" || version.starts_with("2.") {
        return Ok(());
    }
    Err(Fault::new(format!("{} is not a version of EPCIS in JSON", shown(version)), "write \"2.0\""))
}

fn master_data(value: Json<'_>, scope: &mut Scope) -> Result<Vec<MasterData>, Trouble> {
    let mut lists = Vec::new();
    for (key, value) in members(value)? {
        if key != "vocabularyList" {
            return Err(Trouble::from(Fault::new("not a field of the standard", "remove it")).within(&key));
        }
        lists = list(value, |item| vocabulary(item, scope)).map_err(|trouble| trouble.within(&key))?;
    }
    Ok(lists)
}

fn vocabulary(value: Json<'_>, scope: &mut Scope) -> Result<MasterData, Trouble> {
    let (mut kind, mut elements, mut extensions) = (None, Vec::new(), Fields::default());
    for (key, value) in members(value)? {
        let result = match &*key {
            "type" => super::event::uri(&value, scope).map(|uri| kind = Some(uri)),
            "vocabularyElementList" => list(value, |item| element(item, scope)).map(|list| elements = list),
            _ => {
                extend(&mut extensions, (key, value), scope)?;
                continue;
            }
        };
        result.map_err(|trouble| trouble.within(&key))?;
    }
    Ok(MasterData { kind: present(kind, "type", "say what is described")?, elements, extensions })
}

fn element(item: Json<'_>, scope: &mut Scope) -> Result<MasterDataElement, Trouble> {
    let (mut id, mut attributes, mut children) = (None, Vec::new(), Vec::new());
    let mut extensions = Fields::default();
    for (key, value) in members(item)? {
        let result = match &*key {
            "id" => super::event::uri(&value, scope).map(|uri| id = Some(uri)),
            "attributes" => list(value, |item| attribute(item, scope)).map(|list| attributes = list),
            "children" => super::event::uris(value, scope).map(|list| children = list),
            _ => {
                extend(&mut extensions, (key, value), scope)?;
                continue;
            }
        };
        result.map_err(|trouble| trouble.within(&key))?;
    }
    Ok(MasterDataElement { id: present(id, "id", "say whom or what it describes")?, attributes, children, extensions })
}

fn attribute(item: Json<'_>, scope: &Scope) -> Result<MasterDataAttribute, Trouble> {
    let (mut id, mut held) = (None, None);
    for (key, member) in members(item)? {
        match &*key {
            "id" => id = Some(attribute_id(text(&member)?).map_err(|fault| Trouble::from(fault).within("id"))?),
            "attribute" => held = Some(value(member, scope).map_err(|trouble| trouble.within("attribute"))?),
            _ => return Err(Trouble::from(Fault::new("not a field of the standard", "remove it")).within(&key)),
        }
    }
    let id = present(id, "id", "name the attribute")?;
    Ok(MasterDataAttribute { id, value: present(held, "attribute", "give the attribute's value")? })
}

/// `cbvmda:name`, `urn:epcglobal:cbv:mda:name` and `urn:epcglobal:cbv:mda#name` are the same attribute.
pub(crate) fn attribute_id(text: &str) -> Result<Uri, Fault> {
    let text = text.trim();
    match text.strip_prefix("cbvmda:").or_else(|| text.strip_prefix("urn:epcglobal:cbv:mda:")) {
        Some(name) => Uri::parse(&format!("{CBVMDA_ATTRIBUTE}{name}")),
        None => Uri::parse(text),
    }
}
