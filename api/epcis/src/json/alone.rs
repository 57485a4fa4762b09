//! One value from its text: the step from bytes to the model, with the path to what is wrong.

use super::header;
use super::tree::{self, Json};
use super::trouble::Trouble;
use crate::error::{EpcisError, Location};
use crate::model::Event;
use crate::scope::Scope;

/// Reads one event with the prefixes of its document in scope; its own `@context` adds to them.
pub(crate) fn event_from(text: &[u8], scope: &mut Scope, path: &str) -> Result<Event, EpcisError> {
    let value = parse(text, path)?;
    let mark = scope.mark();
    let result = own_context(&value, scope).and_then(|()| super::event::event(value, scope));
    // The scope outlives a broken event.
    scope.leave(mark);
    scope.take_used();
    result.map_err(|trouble| trouble.under(path))
}

fn own_context(value: &Json<'_>, scope: &mut Scope) -> Result<(), Trouble> {
    let Json::Object(members) = value else { return Ok(()) };
    match members.iter().find(|(key, _)| key == "@context") {
        // URLs of an event's own context beyond the one of EPCIS name nothing that the model holds.
        Some((_, context)) => {
            header::context(context, scope, &mut Vec::new()).map_err(|trouble| trouble.within("@context"))
        }
        None => Ok(()),
    }
}

/// Parses the text that stands at `path`.
pub(super) fn parse<'a>(text: &'a [u8], path: &str) -> Result<Json<'a>, EpcisError> {
    let text = std::str::from_utf8(text).map_err(|fault| {
        malformed(path, &format!("not UTF-8 after {} bytes", fault.valid_up_to()), "encode it as UTF-8")
    })?;
    tree::parse(text).map_err(|fault| {
        malformed(path, &format!("{}, {} bytes into it", fault.reason, fault.offset), "correct the JSON")
    })
}

/// Text that is not JSON, at `path`.
pub(super) fn malformed(path: &str, reason: &str, fix: &str) -> EpcisError {
    EpcisError::Malformed { at: Location::Path(path.to_owned()), reason: reason.to_owned(), fix: fix.to_owned() }
}
