//! What is said of broken documents: line or path, field, fault and fix.

use veridose_epcis::{Reader, Syntax, Writer, read_document, validate};

const XML: &str = r#"<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2023-04-01T08:45:16Z">
<EPCISBody><EventList>
<ObjectEvent>
  <eventTime>2023-03-27T06:45:16Z</eventTime>
  <eventTimeZoneOffset>-05:00</eventTimeZoneOffset>
  <epcList><epc>urn:epc:id:sgtin:030001.0012345.11</epc></epcList>
  <action>OBSERVE</action>
  <bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>
</ObjectEvent>
</EventList></EPCISBody></epcis:EPCISDocument>"#;

const JSON: &str = r#"{"@context": "https://ref.gs1.org/standards/epcis/epcis-context.jsonld", "type": "EPCISDocument",
"schemaVersion": "2.0", "creationDate": "2023-04-01T08:45:16Z", "epcisBody": {"eventList": [{"type": "ObjectEvent",
"eventTime": "2023-03-27T06:45:16Z", "eventTimeZoneOffset": "-05:00",
"epcList": ["urn:epc:id:sgtin:030001.0012345.11"], "action": "OBSERVE", "bizStep": "shipping"}]}}"#;

fn faults(text: &str) -> String {
    let faults = validate(text.as_bytes()).faults;
    assert!(!faults.is_empty(), "nothing was refused: {text}");
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The message for a document in which one thing is replaced.
fn said(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the document");
    format!("{from} -> {to}\n    {}", faults(&text.replacen(from, to, 1)))
}

#[test]
fn xml_faults_name_line_field_and_fix() {
    let cases = [
        ("  <eventTime>2023-03-27T06:45:16Z</eventTime>\n", ""),
        ("2023-03-27T06:45:16Z</eventTime>", "27.03.2023</eventTime>"),
        ("-05:00", "EST"),
        ("<action>OBSERVE", "<action>CREATE"),
        ("  <action>OBSERVE</action>\n", ""),
        ("<action>OBSERVE</action>", "<action>OBSERVE</action><action>ADD</action>"),
        ("<epc>urn:epc:id:sgtin:030001.0012345.11</epc>", ""),
        ("<epc>urn:epc:id:sgtin:030001.0012345.11</epc>", "<epc>00030001123451</epc>"),
        ("<epc>urn:epc:id:sgtin:030001.0012345.11</epc>", "<item>urn:epc:id:sgtin:030001.0012345.11</item>"),
        ("urn:epcglobal:cbv:bizstep:shipping", "to ship"),
        ("<bizStep>", "<parentID>urn:epc:id:sscc:030001.41234567890</parentID><bizStep>"),
        ("<bizStep>", "<colour>red</colour><bizStep>"),
        ("<bizStep>", "<ex:colour>red</ex:colour><bizStep>"),
        ("<bizStep>", "<ex:colour xmlns:ex=\"urn:x\">red<ex:b/></ex:colour><bizStep>"),
        ("<bizStep>", "<readPoint/><bizStep>"),
        ("<bizStep>", "<sourceList><source>urn:epc:id:pgln:030001.111111</source></sourceList><bizStep>"),
        (
            "<bizStep>",
            "<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>many</quantity></quantityElement></quantityList><bizStep>",
        ),
        ("</bizStep>", "</bizstep>"),
        ("ObjectEvent>", "QuantityEvent>"),
        ("schemaVersion=\"2.0\"", "schemaVersion=\"3.0\""),
        ("</EventList>", ""),
        ("urn:epcglobal:epcis:xsd:2", "urn:example:other"),
    ];
    let said: Vec<_> = cases
        .iter()
        .map(|(from, to)| match *from {
            "ObjectEvent>" => format!("ObjectEvent -> QuantityEvent\n    {}", faults(&XML.replace(from, to))),
            _ => said(XML, from, to),
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn json_faults_name_path_field_and_fix() {
    let cases = [
        ("\"eventTime\": \"2023-03-27T06:45:16Z\", ", ""),
        ("\"2023-03-27T06:45:16Z\"", "\"27.03.2023\""),
        ("\"2023-03-27T06:45:16Z\"", "20230327"),
        ("\"-05:00\"", "null"),
        ("\"OBSERVE\"", "\"CREATE\""),
        ("\"action\": \"OBSERVE\", ", ""),
        ("[\"urn:epc:id:sgtin:030001.0012345.11\"]", "[]"),
        ("[\"urn:epc:id:sgtin:030001.0012345.11\"]", "\"urn:epc:id:sgtin:030001.0012345.11\""),
        ("[\"urn:epc:id:sgtin:030001.0012345.11\"]", "[\"urn:epc:id:sgtin:030001.0012345.11\", 7]"),
        ("\"shipping\"", "\"to ship\""),
        ("\"bizStep\"", "\"parentID\": \"urn:x:1\", \"bizStep\""),
        ("\"bizStep\"", "\"colour\": \"red\", \"bizStep\""),
        ("\"bizStep\"", "\"ex:colour\": \"red\", \"bizStep\""),
        ("\"bizStep\"", "\"action\": \"ADD\", \"bizStep\""),
        ("\"bizStep\"", "\"readPoint\": {}, \"bizStep\""),
        ("\"bizStep\"", "\"sourceList\": [{\"source\": \"urn:epc:id:pgln:030001.111111\"}], \"bizStep\""),
        ("\"bizStep\"", "\"quantityList\": [{\"epcClass\": \"urn:x:1\", \"quantity\": \"12\"}], \"bizStep\""),
        ("\"bizStep\"", "\"quantityList\": [{\"epcClass\": \"urn:x:1\", \"quantity\": -1}], \"bizStep\""),
        (
            "\"bizStep\"",
            "\"sensorElementList\": [{\"sensorReport\": [{\"type\": \"Temperature\", \"value\": true}]}], \"bizStep\"",
        ),
        ("\"ObjectEvent\"", "\"ObjectsEvent\""),
        ("\"shipping\"}", "\"shipping\",}"),
        ("\"EPCISDocument\"", "\"Invoice\""),
        ("\"2.0\"", "\"1.2\""),
        ("\"epcisBody\"", "\"body\""),
        ("{\"eventList\": [", "{\"eventList\": {"),
    ];
    let said: Vec<_> = cases.iter().map(|(from, to)| said(JSON, from, to)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn the_context_must_stand_before_the_events() {
    let behind = JSON
        .replacen("\"@context\": \"https://ref.gs1.org/standards/epcis/epcis-context.jsonld\", ", "", 1)
        .replacen("]}}", "]}, \"@context\": \"https://ref.gs1.org/standards/epcis/epcis-context.jsonld\"}", 1);
    insta::assert_snapshot!(faults(&behind), @"$.@context: @context: stands behind the events that it is for; put @context first: large documents are read in one pass");
}

#[test]
fn reading_goes_on_behind_a_broken_event() {
    let xml_event = &XML[XML.find("<ObjectEvent>").expect("an event")..XML.find("</EventList>").expect("an end")];
    let broken = xml_event.replace("OBSERVE", "CREATE");
    let text = XML.replacen(xml_event, &format!("{broken}{xml_event}{broken}{xml_event}"), 1);
    check_recovery(&text);
    let json_event =
        &JSON[JSON.find("{\"type\": \"ObjectEvent\"").expect("an event")..JSON.find("]}}").expect("an end")];
    let broken = json_event.replace("OBSERVE", "CREATE");
    let malformed = json_event.replace("\"OBSERVE\"", "OBSERVE");
    check_recovery(&JSON.replacen(json_event, &[&broken, json_event, &malformed, json_event].join(","), 1));
}

fn check_recovery(text: &str) {
    let mut reader = Reader::new(text.as_bytes(), None).expect("a document");
    let outcomes: Vec<_> = reader.by_ref().map(|event| event.is_ok()).collect();
    assert_eq!(outcomes, [false, true, false, true]);
    assert_eq!(reader.events_read(), 4);
    assert!(reader.is_complete());
}

#[test]
fn an_event_that_a_syntax_cannot_hold_is_refused_and_leaves_no_trace() {
    let text = JSON.replacen("\"bizStep\"", "\"cbvmda:note\": \"a\\u0001b\", \"bizStep\"", 1);
    let bad = read_document(text.as_bytes()).expect("JSON has the character");
    let good = read_document(JSON.as_bytes()).expect("a document");
    for syntax in [Syntax::Xml20, Syntax::Xml12] {
        let mut writer = Writer::new(Vec::new(), syntax, &good.header).expect("a header");
        let refusal = writer.write(&bad.events[0]).expect_err("XML lacks the character").to_string();
        assert!(refusal.contains("extension") && refusal.contains("no form for the character"), "{refusal}");
        writer.write(&good.events[0]).expect("the next event is written");
        let written = writer.finish().expect("memory takes it");
        assert_eq!(read_document(&written).expect("a whole document").events, good.events);
    }
}

#[test]
fn the_announced_syntax_is_required() {
    assert!(Reader::new(XML.as_bytes(), Some(Syntax::Json)).is_err());
    assert!(Reader::new(JSON.as_bytes(), Some(Syntax::Xml20)).is_err());
    assert!(Reader::new(XML.as_bytes(), Some(Syntax::Xml12)).is_ok());
}

#[test]
fn query_results_in_xml_are_read_as_documents() {
    let event = &XML[XML.find("<ObjectEvent>").expect("an event")..XML.find("</EventList>").expect("an end")];
    let text = format!(
        r#"<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:1" schemaVersion="1.2" creationDate="2023-04-01T08:45:16Z">
<EPCISBody><q:QueryResults><queryName>SimpleEventQuery</queryName><resultsBody><EventList>{event}</EventList></resultsBody>
</q:QueryResults></EPCISBody></q:EPCISQueryDocument>"#
    );
    let results = read_document(text.as_bytes()).expect("query results");
    assert_eq!(results.events, read_document(XML.as_bytes()).expect("a document").events);
}
