//! GS1 US's own example of a sale under the DSCSA (section 2.2.1.1), on a network of its parties and on its day: from the
//! manufacturer's EPCIS 1.2 file to a patient.

use std::path::Path;

use serde_json::json;
use veridose_contract::{Genesis, Party, PartyId, Role, Site};
use veridose_epcis::{from_json, read_document};
use veridose_ledger::Network;
use veridose_ledger::pki::{fingerprint, parse_pem};
use veridose_tests::{Client, Documents, Server, now, printed, token};

const EXAMPLE: &str = "epcis/1.2-xml/GS1_US_Pharma_Example_2_2_1_1.xml";
const XML: &str = "application/xml";
/// 2023-04-01T09:00:00Z: the goods were shipped an hour ago.
const THAT_DAY: i64 = 1_680_339_600;
const PALLET: &str = "urn:epc:id:sscc:030001.41234567890";
const CASE: &str = "urn:epc:id:sgtin:030001.1012345.110";
const WAREHOUSE: &str = "urn:epc:id:sgln:039999.345678.0";
const PHARMACY: &str = "urn:epc:id:sgln:9506000.40001.0";

/// The digits with GS1's check digit behind them: weights 3 and 1, from the right.
fn checked(digits: &str) -> String {
    let weighted = |(place, digit): (usize, char)| {
        digit.to_digit(10).expect("a digit") * if place.is_multiple_of(2) { 3 } else { 1 }
    };
    let sum: u32 = digits.chars().rev().enumerate().map(weighted).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// The members: short name, role, and the prefix and number of each site.
const MEMBERS: [(&str, &str, &[&str]); 3] = [
    ("gs1-pharma", "manufacturer", &["030001111111", "030001111121"]),
    ("gs1-drug-distributor", "distributor", &["039999999999", "039999345678"]),
    ("town-pharmacy", "pharmacy", &["950600040001"]),
];

/// Makes each member with the command line, founds their network, and sets the node's clock to the day.
fn found(data: &Path) -> String {
    let config = data.join("that-day.toml");
    let shift = THAT_DAY - now().0 / 1_000;
    std::fs::write(&config, format!("[clock]\nshift_seconds = {shift}\n")).expect("written");
    std::fs::create_dir(data.join("keys")).expect("made");
    std::fs::write(data.join("keys/passphrase"), "a passphrase of that day").expect("written");
    let config = config.to_str().expect("a path of text").to_owned();
    let members = MEMBERS.iter().map(|(id, role, sites)| {
        let sites: Vec<String> = sites.iter().map(|site| checked(site)).collect();
        let mut arguments: Vec<String> =
            ["party", "create", id, "--name", id, "--role", role, "--config", &config].map(str::to_owned).into();
        arguments.extend(sites.iter().flat_map(|site| ["--gln".to_owned(), site.clone()]));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        printed(data, &arguments).expect("a member");
        let authority = std::fs::read_to_string(data.join("keys").join(id).join("ca.pem")).expect("a certificate");
        let ca_der = parse_pem(&authority).expect("PEM");
        let sites = sites.iter().map(|site| Site(site.parse().expect("a number"))).collect();
        let role = match *role {
            "manufacturer" => Role::Manufacturer,
            "distributor" => Role::Distributor,
            _ => Role::Pharmacy,
        };
        let id = PartyId::parse(id).expect("a name");
        let name = id.to_string();
        Party { id, name, role, sites, ca: fingerprint(&ca_der), ca_der }
    });
    let genesis = Genesis { name: "DSCSA".to_owned(), admit_threshold: 2, members: members.collect() };
    let network = Network::new("dscsa.example/log", genesis).expect("a network");
    std::fs::write(data.join("network.toml"), network.to_toml()).expect("written");
    config
}

/// An EPCIS 1.2 document of one event.
fn xml(event: &str) -> String {
    format!(
        r#"<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2023-04-01T09:00:00Z">
<EPCISBody><EventList>{event}</EventList></EPCISBody></epcis:EPCISDocument>"#
    )
}

/// An `ObjectEvent` of the warehouse about one thing.
fn seen(minute: u32, thing: &str, step: &str, extension: &str) -> String {
    xml(&format!(
        "<ObjectEvent><eventTime>2023-04-01T08:{minute:02}:00Z</eventTime>\
         <eventTimeZoneOffset>-05:00</eventTimeZoneOffset><epcList><epc>{thing}</epc></epcList><action>OBSERVE</action>\
         <bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep>\
         <readPoint><id>{WAREHOUSE}</id></readPoint>{extension}</ObjectEvent>"
    ))
}

fn opened(parent: &str) -> String {
    xml(&format!(
        "<AggregationEvent><eventTime>2023-04-01T08:40:00Z</eventTime><eventTimeZoneOffset>-05:00</eventTimeZoneOffset>\
         <parentID>{parent}</parentID><childEPCs/><action>DELETE</action>\
         <bizStep>urn:epcglobal:cbv:bizstep:unpacking</bizStep>\
         <readPoint><id>{WAREHOUSE}</id></readPoint></AggregationEvent>"
    ))
}

fn to_the_pharmacy() -> String {
    let to = format!("<destination type=\"urn:epcglobal:cbv:sdt:owning_party\">{PHARMACY}</destination>");
    format!("<extension><destinationList>{to}</destinationList></extension>")
}

async fn captured(client: &Client, document: impl Into<reqwest::Body>, events: u64) {
    let job = client.capture(XML, "rollback", document).await.expect("a job");
    assert_eq!((&job["success"], &job["captured"]), (&json!(true), &json!(events)), "{job}");
}

async fn verdict(client: &Client) -> String {
    let scan = format!("(01){}(17)250327(10)A123(21)11", checked("0030001012345"));
    let verdict = client.verify(&scan).await.expect("a verdict");
    verdict["code"].as_str().expect("a code").to_owned()
}

/// The wholesaler sees the shipment as the manufacturer wrote it, to the last field.
async fn the_shipment_is_shared(wholesaler: &Client, example: &[u8]) {
    let sent = read_document(example).expect("valid").events.pop().expect("the last event is the shipment");
    let events = wholesaler.events().await.expect("events");
    let [shipment] = &events[..] else { panic!("only the shipment concerns the wholesaler: {events:?}") };
    let mut shipment = from_json(shipment.to_string().as_bytes()).expect("an event");
    shipment.record_time = None;
    assert_eq!(shipment, sent);
}

#[tokio::test]
async fn from_the_manufacturers_file_to_a_patient() {
    let Some(documents) = Documents::find() else { return };
    let example = std::fs::read(documents.path(EXAMPLE)).expect("the example");
    let data = tempfile::tempdir().expect("temporary directory");
    let config = found(data.path());
    let server = Server::start(data.path(), &["serve", "--config", &config]).await.expect("starts");
    let [maker, wholesaler, pharmacy] = MEMBERS.map(|(id, role, _)| {
        let token = token(data.path(), role, &["--party", id]).expect("a token");
        Client::new(server.base(), Some(&token)).expect("a client")
    });

    captured(&maker, example.clone(), 8).await;
    the_shipment_is_shared(&wholesaler, &example).await;
    assert_eq!(verdict(&pharmacy).await, "held_elsewhere");
    captured(&wholesaler, seen(30, PALLET, "receiving", ""), 1).await;
    captured(&wholesaler, opened(PALLET), 1).await;
    captured(&wholesaler, seen(50, CASE, "shipping", &to_the_pharmacy()), 1).await;
    assert_eq!(verdict(&pharmacy).await, "not_received");

    let offers = pharmacy.rows("/handoffs").await.expect("a list");
    let [offer] = &offers[..] else { panic!("one case is on its way: {offers:?}") };
    let path = format!("/handoffs/{}/accept", offer["offer"].as_str().expect("a name"));
    pharmacy.post(&path, "received", &json!({})).await.expect("an answer").success().expect("accepted");
    assert_eq!(verdict(&pharmacy).await, "may_be_dispensed");

    let wish = json!({"patient": "p-1", "purpose": "dispense_record", "grantee": "town-pharmacy"});
    let consent = pharmacy.post("/consents", "consent", &wish).await.expect("an answer").success().expect("agreed");
    let dispense = json!({
        "items": ["urn:epc:id:sgtin:030001.0012345.11"], "prescription": "one a day",
        "consent": {"id": consent["consent"], "version": consent["version"]},
    });
    pharmacy.post("/dispenses", "dispense", &dispense).await.expect("an answer").success().expect("dispensed");
    assert_eq!(verdict(&pharmacy).await, "already_dispensed");
    let again = pharmacy.post("/dispenses", "again", &dispense).await.expect("an answer");
    assert_eq!((again.status.as_u16(), again.refusal().expect("a problem")), (409, "not_active"));
    server.stop().await.expect("stops");
}
