//! EPCIS 2.0 as JSON-LD.

mod alone;
mod document;
mod event;
mod extension;
mod header;
mod out;
mod sensor;
mod source;
mod tree;
mod trouble;
pub(crate) mod write;

pub(crate) use document::JsonReader;
pub(crate) use header::attribute_id;
pub(crate) use out::Out;

use crate::error::{EpcisError, Fault};
use crate::limits::EVENT_BYTES_MAX;
use crate::model::{Event, Fields};
use crate::scope::{JSON_PREFIXES, Prefixes, Scope};

/// The event as one JSON-LD object that stands alone: it declares every prefix it uses. The same event always gives the
/// same bytes, and [`from_json`] gives the same event back.
pub fn to_json(event: &Event) -> Vec<u8> {
    let mut out = Out::default();
    write::event(&mut out, event, &mut Prefixes::new(&JSON_PREFIXES), write::Context::Whole);
    out.take()
}

/// Reads one JSON-LD object: what [`to_json`] wrote, or a single event from elsewhere.
pub fn from_json(text: &[u8]) -> Result<Event, EpcisError> {
    if text.len() > EVENT_BYTES_MAX {
        return Err(EpcisError::event_bytes(crate::error::Location::Path("$".to_owned())));
    }
    alone::event_from(text, &mut Scope::default(), "$")
}

/// Extensions as one JSON object, for where XML has only an attribute to put them.
pub(crate) fn fields_to(fields: &Fields, prefixes: &Prefixes) -> String {
    let mut out = Out::default();
    out.open(b'{');
    out.fields(fields, prefixes);
    out.close(b'}');
    String::from_utf8(out.take()).expect("JSON is written as UTF-8")
}

/// Reads what [`fields_to`] wrote.
pub(crate) fn fields_from(text: &str, scope: &Scope) -> Result<Fields, Fault> {
    let fault = || Fault::new("not a JSON object of extensions", "leave this attribute to the program that wrote it");
    let tree::Json::Object(members) = tree::parse(text).map_err(|_| fault())? else { return Err(fault()) };
    let mut fields = Fields::default();
    for member in members {
        extension::extend(&mut fields, member, scope).map_err(|_| fault())?;
    }
    Ok(fields)
}
