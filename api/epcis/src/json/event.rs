//! One event from a JSON object.

use super::extension::{extend, fields};
use super::sensor;
use super::tree::{Json, Member};
use super::trouble::Trouble;
use crate::error::Fault;
use crate::model::{
    Action, BizTransaction, ErrorDeclaration, Event, EventKind, Number, Party, PersistentDisposition, Place,
    QuantityElement, Term, Timestamp, Uri, Vocabulary, ZoneOffset,
};
use crate::scope::Scope;

/// Reads an event; the prefixes of the document and of the event itself are in `scope`.
pub(crate) fn event(value: Json<'_>, scope: &mut Scope) -> Result<Event, Trouble> {
    let members = members(value)?;
    let mut event = Event::new(kind(&members)?, required(&members, "eventTime", Timestamp::parse)?, {
        required(&members, "eventTimeZoneOffset", ZoneOffset::parse)?
    });
    for member in members {
        field(&mut event, member, scope)?;
    }
    event.namespaces = scope.take_used();
    event.check().map_err(|(field, fault)| Trouble::from(fault).about(field))?;
    Ok(event)
}

fn kind(members: &[Member<'_>]) -> Result<EventKind, Trouble> {
    required(members, "type", EventKind::parse)
}

fn required<T>(members: &[Member<'_>], name: &str, parse: fn(&str) -> Result<T, Fault>) -> Result<T, Trouble> {
    let Some((_, value)) = members.iter().find(|(key, _)| key == name) else {
        return Err(Trouble::from(crate::model::missing("every event has it")).about(name));
    };
    parsed(value, parse).map_err(|trouble| trouble.within(name))
}

fn field(event: &mut Event, member: Member<'_>, scope: &mut Scope) -> Result<(), Trouble> {
    if !event.kind.has(&member.0) {
        return Err(Trouble::from(crate::model::foreign(event.kind)).within(&member.0));
    }
    let (key, value) = member;
    let result = match &*key {
        "type" | "eventTime" | "eventTimeZoneOffset" | "@context" => Ok(()),
        "epcList" => uris(value, scope).map(|list| event.epc_list = list),
        "childEPCs" => uris(value, scope).map(|list| event.child_epcs = list),
        "inputEPCList" => uris(value, scope).map(|list| event.input_epc_list = list),
        "outputEPCList" => uris(value, scope).map(|list| event.output_epc_list = list),
        "quantityList" => list(value, |item| quantity(item, scope)).map(|list| event.quantity_list = list),
        "childQuantityList" => list(value, |item| quantity(item, scope)).map(|list| event.child_quantity_list = list),
        "inputQuantityList" => list(value, |item| quantity(item, scope)).map(|list| event.input_quantity_list = list),
        "outputQuantityList" => list(value, |item| quantity(item, scope)).map(|list| event.output_quantity_list = list),
        "sensorElementList" => {
            list(value, |item| sensor::element(item, scope)).map(|list| event.sensor_element_list = list)
        }
        "bizTransactionList" => {
            list(value, |item| biz_transaction(item, scope)).map(|list| event.biz_transaction_list = list)
        }
        "sourceList" => list(value, |item| party(item, "source", scope)).map(|list| event.source_list = list),
        "destinationList" => {
            list(value, |item| party(item, "destination", scope)).map(|list| event.destination_list = list)
        }
        "recordTime" => parsed(&value, Timestamp::parse).map(|time| event.record_time = Some(time)),
        "eventID" => uri(&value, scope).map(|id| event.event_id = Some(id)),
        "parentID" => uri(&value, scope).map(|id| event.parent_id = Some(id)),
        "transformationID" => uri(&value, scope).map(|id| event.transformation_id = Some(id)),
        "certificationInfo" => one_or_more(value, scope).map(|list| event.certification_info = list),
        "action" => parsed(&value, Action::parse).map(|action| event.action = Some(action)),
        "bizStep" => term(&value, Vocabulary::BizStep, scope).map(|term| event.biz_step = Some(term)),
        "disposition" => term(&value, Vocabulary::Disposition, scope).map(|term| event.disposition = Some(term)),
        "persistentDisposition" => persistent(value, scope).map(|both| event.persistent_disposition = Some(both)),
        "readPoint" => place(value, scope).map(|place| event.read_point = Some(place)),
        "bizLocation" => place(value, scope).map(|place| event.biz_location = Some(place)),
        "errorDeclaration" => {
            error_declaration(value, scope).map(|declared| event.error_declaration = Some(Box::new(declared)))
        }
        "ilmd" => fields(value, scope).map(|ilmd| event.ilmd = ilmd),
        _ => return extend(&mut event.extensions, (key, value), scope),
    };
    result.map_err(|trouble| trouble.within(&key))
}

/// Whether events have a field of this name, beside those that documents have too.
pub(super) fn is_field(name: &str) -> bool {
    const FIELDS: [&str; 27] = [
        "eventTime",
        "eventTimeZoneOffset",
        "recordTime",
        "eventID",
        "errorDeclaration",
        "certificationInfo",
        "parentID",
        "epcList",
        "childEPCs",
        "inputEPCList",
        "outputEPCList",
        "quantityList",
        "childQuantityList",
        "inputQuantityList",
        "outputQuantityList",
        "transformationID",
        "action",
        "bizStep",
        "disposition",
        "persistentDisposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "sourceList",
        "destinationList",
        "sensorElementList",
        "ilmd",
    ];
    FIELDS.contains(&name)
}

pub(super) fn members(value: Json<'_>) -> Result<Vec<Member<'_>>, Trouble> {
    match value {
        Json::Object(members) => Ok(members),
        other => Err(Fault::new(format!("{} where an object should be", other.kind()), "put it in { }").into()),
    }
}

pub(super) fn text<'a>(value: &'a Json<'_>) -> Result<&'a str, Trouble> {
    match value {
        Json::Text(text) => Ok(text),
        Json::Null => Err(Fault::new("null is not a value", "leave the field out").into()),
        other => Err(Fault::new(format!("{} where a string should be", other.kind()), "put it in quotes").into()),
    }
}

pub(super) fn parsed<T>(value: &Json<'_>, parse: fn(&str) -> Result<T, Fault>) -> Result<T, Trouble> {
    Ok(parse(text(value)?)?)
}

pub(super) fn uri(value: &Json<'_>, scope: &mut Scope) -> Result<Uri, Trouble> {
    let uri = Uri::parse(text(value)?)?;
    scope.note_uri(&uri);
    Ok(uri)
}

pub(super) fn term(value: &Json<'_>, vocabulary: Vocabulary, scope: &mut Scope) -> Result<Term, Trouble> {
    let term = Term::parse(vocabulary, text(value)?)?;
    if let Some((prefix, rest)) = term.curie() {
        scope.note(prefix, rest);
    }
    Ok(term)
}

pub(super) fn number(value: &Json<'_>, parse: fn(&str) -> Result<Number, Fault>) -> Result<Number, Trouble> {
    match value {
        Json::Number(text) => Ok(parse(text)?),
        other => {
            Err(Fault::new(format!("{} where a number should be", other.kind()), "write it without quotes").into())
        }
    }
}

pub(super) fn list<'a, T>(
    value: Json<'a>,
    mut item: impl FnMut(Json<'a>) -> Result<T, Trouble>,
) -> Result<Vec<T>, Trouble> {
    let Json::List(values) = value else {
        return Err(Fault::new(format!("{} where a list should be", value.kind()), "put it in [ ]").into());
    };
    let items = values.into_iter().enumerate().map(|(at, value)| item(value).map_err(|trouble| trouble.at_index(at)));
    items.collect()
}

pub(super) fn uris(value: Json<'_>, scope: &mut Scope) -> Result<Vec<Uri>, Trouble> {
    list(value, |item| uri(&item, scope))
}

fn one_or_more(value: Json<'_>, scope: &mut Scope) -> Result<Vec<Uri>, Trouble> {
    if matches!(value, Json::List(_)) { uris(value, scope) } else { Ok(vec![uri(&value, scope)?]) }
}

fn unknown(key: &str) -> Trouble {
    Trouble::from(Fault::new("not a field of the standard", "remove it")).within(key)
}

/// The value of a member that every object of its kind has.
pub(super) fn present<T>(value: Option<T>, name: &str, fix: &str) -> Result<T, Trouble> {
    value.ok_or_else(|| Trouble::from(crate::model::missing(fix)).about(name))
}

fn quantity(value: Json<'_>, scope: &mut Scope) -> Result<QuantityElement, Trouble> {
    let (mut epc_class, mut quantity, mut uom) = (None, None, None);
    for (key, value) in members(value)? {
        let result = match &*key {
            "epcClass" => uri(&value, scope).map(|class| epc_class = Some(class)),
            "quantity" => number(&value, Number::parse_quantity).map(|number| quantity = Some(number)),
            "uom" => text(&value).map(|unit| uom = Some(unit.into())),
            _ => return Err(unknown(&key)),
        };
        result.map_err(|trouble| trouble.within(&key))?;
    }
    Ok(QuantityElement { epc_class: present(epc_class, "epcClass", "name the class that is counted")?, quantity, uom })
}

fn biz_transaction(value: Json<'_>, scope: &mut Scope) -> Result<BizTransaction, Trouble> {
    let (mut kind, mut id) = (None, None);
    for (key, value) in members(value)? {
        let result = match &*key {
            "type" => term(&value, Vocabulary::BizTransactionType, scope).map(|term| kind = Some(term)),
            "bizTransaction" => uri(&value, scope).map(|uri| id = Some(uri)),
            _ => return Err(unknown(&key)),
        };
        result.map_err(|trouble| trouble.within(&key))?;
    }
    Ok(BizTransaction { kind, id: present(id, "bizTransaction", "name the transaction")? })
}

fn party(value: Json<'_>, end: &'static str, scope: &mut Scope) -> Result<Party, Trouble> {
    let (mut kind, mut id) = (None, None);
    for (key, value) in members(value)? {
        let result = match &*key {
            "type" => term(&value, Vocabulary::SourceDestType, scope).map(|term| kind = Some(term)),
            name if name == end => uri(&value, scope).map(|uri| id = Some(uri)),
            _ => return Err(unknown(&key)),
        };
        result.map_err(|trouble| trouble.within(&key))?;
    }
    let kind = present(kind, "type", "say owning_party, possessing_party or location")?;
    Ok(Party { kind, id: present(id, end, "name the place or party")? })
}

fn place(value: Json<'_>, scope: &mut Scope) -> Result<Place, Trouble> {
    let (mut id, mut extensions) = (None, crate::model::Fields::default());
    for (key, value) in members(value)? {
        if key == "id" {
            id = Some(uri(&value, scope).map_err(|trouble| trouble.within("id"))?);
        } else {
            extend(&mut extensions, (key, value), scope)?;
        }
    }
    Ok(Place { id: present(id, "id", "name the place")?, extensions })
}

fn persistent(value: Json<'_>, scope: &mut Scope) -> Result<PersistentDisposition, Trouble> {
    let mut both = PersistentDisposition::default();
    for (key, value) in members(value)? {
        let terms = list(value, |item| term(&item, Vocabulary::Disposition, scope));
        let terms = terms.map_err(|trouble| trouble.within(&key))?;
        match &*key {
            "set" => both.set = terms,
            "unset" => both.unset = terms,
            _ => return Err(unknown(&key)),
        }
    }
    Ok(both)
}

fn error_declaration(value: Json<'_>, scope: &mut Scope) -> Result<ErrorDeclaration, Trouble> {
    let (mut time, mut reason, mut corrective) = (None, None, Vec::new());
    let mut extensions = crate::model::Fields::default();
    for (key, value) in members(value)? {
        let result = match &*key {
            "declarationTime" => parsed(&value, Timestamp::parse).map(|declared| time = Some(declared)),
            "reason" => term(&value, Vocabulary::ErrorReason, scope).map(|term| reason = Some(term)),
            "correctiveEventIDs" => uris(value, scope).map(|list| corrective = list),
            _ => {
                extend(&mut extensions, (key, value), scope)?;
                continue;
            }
        };
        result.map_err(|trouble| trouble.within(&key))?;
    }
    let declaration_time = present(time, "declarationTime", "say when the error was declared")?;
    Ok(ErrorDeclaration { declaration_time, reason, corrective_event_ids: corrective, extensions })
}
