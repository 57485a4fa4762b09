//! Events on things: they begin, are seen, end.

use std::collections::BTreeMap;

use veridose_contract::{Action, Commitment, ConsentId, Day, DecommissionReason, ItemKey, LotKey, Timestamp, read};
use veridose_epcis::model::{Action as EventAction, Event, Uri, VERIDOSE_NAMESPACE, Value};
use veridose_gs1::{Expiry, Gtin, Lot, lot_name};
use veridose_store::{Payload, payload};

use super::{Sketch, shipping};
use crate::trade::refusal::{PlanError, Refusal};
use crate::trade::thing::Thing;

pub(super) fn plan(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    let step = event.biz_step.as_ref().map_or("", |step| step.as_str());
    match event.action {
        Some(EventAction::Add) => commission(sketch, event, "epcList", &event.epc_list),
        Some(EventAction::Delete) if step == "dispensing" => supply(sketch, event),
        Some(EventAction::Delete) => end(sketch, event, step),
        Some(EventAction::Observe) | None => match step {
            "shipping" => shipping::ship(sketch, event),
            "receiving" => shipping::receive(sketch, event),
            "dispensing" if disposition(event) != "partially_dispensed" => supply(sketch, event),
            "void_shipping" => shipping::void(sketch, event),
            _ => sketch.anchor(event),
        },
    }
}

pub(super) fn disposition(event: &Event) -> &str {
    event.disposition.as_ref().map_or("", |disposition| disposition.as_str())
}

/// The items of an event, sorted by what they are.
pub(super) struct Groups {
    pub(super) packs: BTreeMap<Gtin, Vec<ItemKey>>,
    pub(super) containers: Vec<ItemKey>,
}

/// Sorts EPCs into packs by product, and containers.
pub(super) fn by_product(sketch: &Sketch<'_>, field: &str, epcs: &[Uri]) -> Result<Groups, Refusal> {
    let mut groups = Groups { packs: BTreeMap::new(), containers: Vec::new() };
    for (index, epc) in epcs.iter().enumerate() {
        let thing = Thing::of(epc.as_str());
        let key = sketch.key_of(&format!("{field}[{index}]"), epc, &thing)?;
        match thing {
            Thing::Pack(sgtin) => groups.packs.entry(sgtin.gtin).or_default().push(key),
            Thing::Container(_) | Thing::Other | Thing::Broken(_) => groups.containers.push(key),
        }
    }
    Ok(groups)
}

/// Packs and containers begin.
pub(super) fn commission(sketch: &mut Sketch<'_>, event: &Event, field: &str, epcs: &[Uri]) -> Result<(), PlanError> {
    let groups = by_product(sketch, field, epcs)?;
    for (gtin, packs) in groups.packs {
        let lot = lot(sketch, event, gtin)?;
        sketch.push(Action::Commission { lot }, packs);
    }
    if !groups.containers.is_empty() {
        sketch.push(Action::CommissionContainers, groups.containers);
    }
    Ok(())
}

/// The lot that the event names, registered together with its product if the ledger does not know them yet.
pub(super) fn lot(sketch: &mut Sketch<'_>, event: &Event, gtin: Gtin) -> Result<LotKey, PlanError> {
    let number = event.lot_number().ok_or_else(|| {
        Refusal::new("lot_missing", "ilmd.cbvmda:lotNumber", "packs begin without a lot", "give the lot number in ilmd")
    })?;
    let number = Lot::parse(number).map_err(|error| {
        Refusal::new(
            "lot_invalid",
            "ilmd.cbvmda:lotNumber",
            error.to_string(),
            "give up to 20 characters of GS1's set 82",
        )
    })?;
    let key = sketch.desk.network_key.lot(&lot_name(&gtin, &number));
    let known = read::lot(sketch.desk.state, &key)?;
    let written = expiry(event)?;
    let expiry = match (&known, written) {
        (Some(known), Some(written)) if known.expiry.0 != written.day() => {
            return Err(Refusal::new(
                "expiry_differs",
                "ilmd.cbvmda:itemExpirationDate",
                format!("lot {} was registered with another expiry date", number.as_str()),
                "check the date on the packs; one lot has one expiry date",
            )
            .into());
        }
        (Some(_), _) => return Ok(key),
        (None, Some(written)) => written,
        (None, None) => {
            return Err(Refusal::new(
                "expiry_missing",
                "ilmd.cbvmda:itemExpirationDate",
                "a new lot begins without an expiry date",
                "give the expiry date in ilmd, for instance 2027-03-31",
            )
            .into());
        }
    };
    let product = product(sketch, gtin)?;
    let day = Day(expiry.day());
    let details = payload::Lot { gtin: gtin.to_string(), lot: number.as_str().to_owned(), expiry: calendar(day) };
    sketch.push_document(Action::RegisterLot { lot: key, product, expiry: day }, Payload::Lot(details));
    Ok(key)
}

fn product(sketch: &mut Sketch<'_>, gtin: Gtin) -> Result<veridose_contract::ProductKey, PlanError> {
    let key = sketch.desk.network_key.product(&gtin.name());
    let planned = sketch.plan.drafts.iter().any(|draft| draft.action == Action::RegisterProduct(key));
    if !planned && read::product(sketch.desk.state, &key)?.is_none() {
        let details = product_details(sketch, gtin);
        sketch.push_document(Action::RegisterProduct(key), Payload::Product(details));
    }
    Ok(key)
}

/// What the document's master data says of the product.
fn product_details(sketch: &Sketch<'_>, gtin: Gtin) -> payload::Product {
    let classes = sketch.desk.header.into_iter().flat_map(|header| &header.master_data).flat_map(|list| &list.elements);
    let class = classes.into_iter().find(|class| {
        veridose_gs1::Epc::parse(class.id.as_str()).is_ok_and(|epc| epc == veridose_gs1::Epc::Gtin(gtin))
    });
    let text = |name| class.and_then(|class| class.attribute(name)).map(str::to_owned);
    payload::Product {
        gtin: gtin.to_string(),
        name: text("regulatedProductName")
            .or_else(|| text("descriptionShort"))
            .unwrap_or_else(|| format!("GTIN {gtin}")),
        ndc: class.and_then(|class| class.ndc()).map(str::to_owned),
        strength: text("strengthDescription"),
        dosage_form: text("dosageFormType"),
        package: text("netContentDescription"),
    }
}

fn expiry(event: &Event) -> Result<Option<Expiry>, Refusal> {
    let Some(text) = event.item_expiration_date() else { return Ok(None) };
    // CBV gives a date; some lines write a date and time, whose day is meant.
    let day = text.split('T').next().unwrap_or(text);
    Expiry::parse(day).map(Some).map_err(|error| {
        Refusal::new(
            "expiry_invalid",
            "ilmd.cbvmda:itemExpirationDate",
            error.to_string(),
            "write the date as YYYY-MM-DD",
        )
    })
}

fn extension<'e>(event: &'e Event, name: &str) -> Option<&'e Value> {
    event.extensions.get(VERIDOSE_NAMESPACE, name)
}

/// Supplying to the public: under a consent where the event names one, else without a patient.
fn supply(sketch: &mut Sketch<'_>, event: &Event) -> Result<(), PlanError> {
    let items = sketch.keys("epcList", &event.epc_list)?;
    let Some(consent) = extension(event, "consent") else {
        sketch.push(Action::Decommission { reason: DecommissionReason::Supplied }, items);
        return Ok(());
    };
    let part = |name: &str| consent.fields().and_then(|fields| fields.get_local(name)).and_then(Value::as_text);
    let fault = |detail: &str| {
        Refusal::new("consent_invalid", "veridose:consent", detail, "give id, version and prescription of the consent")
    };
    let id = part("id").and_then(|id| ConsentId::parse(id).ok()).ok_or_else(|| fault("id is not a consent's"))?;
    let version = part("version").and_then(|text| text.parse().ok()).ok_or_else(|| fault("version is not a number"))?;
    let prescription = part("prescription")
        .and_then(|text| Commitment::parse(text).ok())
        .ok_or_else(|| fault("prescription is not a commitment"))?;
    sketch.push(Action::Dispense { consent: id, version, prescription }, items);
    Ok(())
}

fn end(sketch: &mut Sketch<'_>, event: &Event, step: &str) -> Result<(), PlanError> {
    let items = sketch.keys("epcList", &event.epc_list)?;
    let reason = match (step, disposition(event)) {
        ("destroying", _) | (_, "destroyed" | "disposed") => DecommissionReason::Destroyed,
        ("sampling", _) => DecommissionReason::Sample,
        ("retail_selling", _) | (_, "dispensed" | "retail_sold") => DecommissionReason::Supplied,
        (_, "stolen") => DecommissionReason::Stolen,
        _ => DecommissionReason::Locked,
    };
    sketch.push(Action::Decommission { reason }, items);
    Ok(())
}

fn calendar(day: Day) -> time::Date {
    crate::node::date_time(Timestamp(i64::from(day.0).saturating_mul(86_400_000))).date()
}
