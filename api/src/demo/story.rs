//! The day itself.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::goods::Goods;
use super::narrator;
use super::person::{Cast, Person};
use crate::pages::PATIENT;
use crate::routes::encoded;

const NORTH_PLACE: &str = "https://id.gs1.org/414/9506000200019";

pub(super) async fn tell(cast: &Cast, goods: &Goods) -> Result<()> {
    manufacture(cast, goods).await?;
    wholesale(cast, goods).await?;
    counter(cast, goods).await?;
    let consent = consented_dispense(cast, goods).await?;
    copy(cast, goods).await?;
    revocation(cast, goods, &consent).await?;
    undo(cast, goods).await?;
    closing(cast, goods).await
}

async fn manufacture(cast: &Cast, goods: &Goods) -> Result<()> {
    narrator::chapter("1. Alpine Pharma makes medicine");
    narrator::tell(
        "The packing line wrote an EPCIS file: twelve packs in three lots, three cases, one pallet, shipped to North Wholesale.",
    );
    let job = cast.maker.capture(&goods.file()).await?;
    narrator::answer(&format!("captured: {} events, all or none, in one signed transaction", job["events"]));
    let made = cast.maker.get(&format!("/packs/{}", encoded(&goods.pack(1)))).await?;
    narrator::answer(&format!("pack 1 is on the ledger, state {}", text(&made, "status")));
    Ok(())
}

async fn wholesale(cast: &Cast, goods: &Goods) -> Result<()> {
    narrator::chapter("2. The goods travel");
    let offers = cast.north.get("/handoffs?side=incoming&state=offered").await?;
    let offer = offers["items"].as_array().and_then(|list| list.last()).context("the shipment waits for an answer")?;
    let offer = text(offer, "offer");
    narrator::tell(
        "North Wholesale finds the pallet sound and the loose case wet. It takes the one and refuses the other.",
    );
    let done = cast
        .north
        .post(
            &format!("/handoffs/{offer}/accept"),
            &json!({"items": [goods.container(9)], "discrepancies": [{"item": goods.container(3), "kind": "damaged"}]}),
        )
        .await?;
    narrator::answer("two packed cases changed hands with one signature; the wet case is still Alpine Pharma's");
    narrator::proof(&cast.north.check_receipt(&done, Some(&goods.container(9))).await?);
    narrator::tell(
        "It opens the pallet; one case goes to Harbour Pharmacy, the other to South Wholesale and on to Station Pharmacy.",
    );
    cast.north.capture(&goods.unpacking(NORTH_PLACE)).await?;
    hand_over(&cast.north, &cast.harbour, "harbour-pharmacy", &goods.container(1)).await?;
    hand_over(&cast.north, &cast.south, "south-wholesale", &goods.container(2)).await?;
    hand_over(&cast.south, &cast.station, "station-pharmacy", &goods.container(2)).await
}

async fn hand_over(from: &Person, to: &Person, name: &str, item: &str) -> Result<()> {
    let offered = from.post("/handoffs", &json!({"to": name, "items": [item]})).await?;
    let accepted = to.post(&format!("/handoffs/{}/accept", text(&offered, "offer")), &json!({})).await?;
    narrator::answer(&format!("a case was offered to {name} and accepted"));
    narrator::proof(&to.check_receipt(&accepted, Some(item)).await?);
    Ok(())
}

async fn counter(cast: &Cast, goods: &Goods) -> Result<()> {
    narrator::chapter("3. At the counter of Harbour Pharmacy");
    let verdicts = [
        ("A pack from the case.", goods.code(1, &goods.lot(), goods.expiry), "may_be_dispensed"),
        ("A pack that was made two years ago.", goods.code(11, &goods.old_lot(), goods.old_expiry), "expired"),
        ("A pack whose serial number nobody ever made.", goods.code(77, &goods.lot(), goods.expiry), "unknown_serial"),
    ];
    for (what, code, expected) in verdicts {
        narrator::tell(what);
        tell_verdict(&cast.harbour.scan(&code).await?, expected)?;
    }
    narrator::tell("The Medicines Agency recalls a lot; seconds later a pack of it is scanned.");
    let recall = json!({
        "lot": {"gtin": Goods::gtin().to_string(), "lot": goods.bad_lot()}, "class": 1,
        "reason": "particles found in the solution",
    });
    let done = cast.agency.post("/recalls", &recall).await?;
    narrator::proof(&cast.agency.check_receipt(&done, None).await?);
    let code = goods.code(9, &goods.bad_lot(), goods.expiry);
    tell_verdict(&cast.harbour.scan(&code).await?, "recalled")
}

async fn consented_dispense(cast: &Cast, goods: &Goods) -> Result<Value> {
    narrator::chapter("4. A patient agrees, and is supplied");
    narrator::tell("The patient lets Harbour Pharmacy record what it dispenses to them.");
    let wish = json!({"patient": PATIENT, "purpose": "dispense_record", "grantee": "harbour-pharmacy"});
    let consent = cast.harbour.post("/consents", &wish).await?;
    narrator::answer("the consent is on the ledger under a pseudonym made for it alone");
    narrator::proof(&cast.harbour.check_receipt(&consent, None).await?);
    narrator::tell("The pharmacist dispenses pack 1.");
    let dispensed = cast.harbour.post("/dispenses", &dispense(goods, 1, &consent)).await?;
    narrator::answer("dispensed, tied to version 1 of the consent");
    narrator::proof(&cast.harbour.check_receipt(&dispensed, Some(&goods.pack(1))).await?);
    Ok(consent)
}

async fn copy(cast: &Cast, goods: &Goods) -> Result<()> {
    narrator::chapter("5. A copy turns up");
    narrator::tell("Across town, Station Pharmacy scans a pack with the very same code.");
    tell_verdict(&cast.station.scan(&goods.code(1, &goods.lot(), goods.expiry)).await?, "already_dispensed")?;
    let problem =
        cast.station.refused("/decommissions", &json!({"items": [goods.pack(1)], "reason": "supplied"})).await?;
    narrator::answer(&format!("and the ledger would not let it be supplied again: {}", text(&problem, "code")));
    Ok(())
}

async fn revocation(cast: &Cast, goods: &Goods, consent: &Value) -> Result<()> {
    narrator::chapter("6. The patient takes the consent back");
    let id = text(consent, "consent");
    let revoked = cast.patient.post(&format!("/consents/{id}/revoke"), &json!({"version": consent["version"]})).await?;
    narrator::answer("revoked, with effect from this transaction on");
    narrator::proof(&cast.harbour.check_receipt(&revoked, None).await?);
    narrator::tell("The pharmacist tries to dispense pack 2 under it.");
    let problem = cast.harbour.refused("/dispenses", &dispense(goods, 2, consent)).await?;
    narrator::answer(&format!("refused, {}: {}", text(&problem, "code"), text(&problem, "detail")));
    narrator::tell("The patient still gets the medicine: the pack is taken out of the trade with no patient attached.");
    let body = json!({"items": [goods.pack(2)], "reason": "supplied"});
    let done = cast.harbour.post("/decommissions", &body).await?;
    narrator::proof(&cast.harbour.check_receipt(&done, Some(&goods.pack(2))).await?);
    Ok(())
}

async fn undo(cast: &Cast, goods: &Goods) -> Result<()> {
    narrator::chapter("7. A slip is undone");
    narrator::tell("Pack 3 was decommissioned by mistake; it never left the pharmacy.");
    let body = json!({"items": [goods.pack(3)], "reason": "supplied"});
    cast.harbour.post("/decommissions", &body).await?;
    let without = json!({"items": [goods.pack(3)], "not_supplied": false});
    let problem = cast.harbour.refused("/dispenses/undo", &without).await?;
    narrator::answer(&format!("without the pharmacist's declaration it stays so: {}", text(&problem, "code")));
    narrator::tell("The pharmacist declares that it was not handed over.");
    let with = json!({"items": [goods.pack(3)], "not_supplied": true});
    let done = cast.harbour.post("/dispenses/undo", &with).await?;
    narrator::proof(&cast.harbour.check_receipt(&done, Some(&goods.pack(3))).await?);
    tell_verdict(&cast.harbour.scan(&goods.code(3, &goods.lot(), goods.expiry)).await?, "may_be_dispensed")
}

async fn closing(cast: &Cast, goods: &Goods) -> Result<()> {
    narrator::chapter("8. What everybody may know");
    let history = cast.agency.get(&format!("/packs/{}", encoded(&goods.pack(1)))).await?;
    let events = history["history"].as_array().map_or(0, Vec::len);
    ensure!(events > 0, "the regulator sees the pack's history");
    narrator::tell(&format!(
        "The regulator traces pack 1 from the line to the patient's pharmacy: {events} events, each provable."
    ));
    narrator::tell(
        "The log is public in form: tiles and a signed checkpoint under /log, which any C2SP tlog client can check.",
    );
    Ok(())
}

fn dispense(goods: &Goods, number: u32, consent: &Value) -> Value {
    json!({
        "items": [goods.pack(number)], "consent": {"id": consent["consent"], "version": 1},
        "prescription": "one pack, once a day",
    })
}

fn tell_verdict(verdict: &Value, expected: &str) -> Result<()> {
    ensure!(verdict["code"] == expected, "the verdict was to be {expected}: {verdict}");
    let severity = text(verdict, "severity");
    let code = verdict["nmvs_code"].as_str().map(|code| format!(" [{severity} {code}]")).unwrap_or_default();
    narrator::answer(&format!("{}{code} {}", text(verdict, "message"), text(verdict, "next_step")));
    Ok(())
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or("?").to_owned()
}
