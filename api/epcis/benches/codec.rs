//! How fast documents are read, written and hashed on one core. Target: 100 MB/s parsed and validated, XML and JSON.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use veridose_epcis::{Document, Reader, Syntax, from_json, hash, read_document, to_json, write_document};

/// A packing line's file: commissioning of many packs, and their aggregation into cases.
fn document() -> Document {
    let commissioning = |batch: u32| {
        let epcs: Vec<_> =
            (0..100).map(|pack| format!("\"urn:epc:id:sgtin:030001.0012345.{batch}{pack:04}\"")).collect();
        format!(
            r#"{{"type": "ObjectEvent", "eventTime": "2023-03-27T06:45:16.123Z", "eventTimeZoneOffset": "-05:00",
            "epcList": [{}], "action": "ADD", "bizStep": "commissioning", "disposition": "active",
            "readPoint": {{"id": "urn:epc:id:sgln:030001.111111.0"}}, "bizLocation": {{"id": "urn:epc:id:sgln:030001.111111.0"}},
            "ilmd": {{"cbvmda:lotNumber": "A123", "cbvmda:itemExpirationDate": "2025-03-27"}}}}"#,
            epcs.join(",")
        )
    };
    let packing = |case: u32| {
        let epcs: Vec<_> = (0..12).map(|pack| format!("\"urn:epc:id:sgtin:030001.0012345.{case}{pack:04}\"")).collect();
        format!(
            r#"{{"type": "AggregationEvent", "eventTime": "2023-03-27T06:50:16.123Z", "eventTimeZoneOffset": "-05:00",
            "parentID": "urn:epc:id:sgtin:030001.1012345.{case}", "childEPCs": [{}], "action": "ADD", "bizStep": "packing",
            "disposition": "in_progress", "readPoint": {{"id": "urn:epc:id:sgln:030001.111111.0"}},
            "bizLocation": {{"id": "urn:epc:id:sgln:030001.111111.0"}}}}"#,
            epcs.join(",")
        )
    };
    let events = (0..400).map(|number| if number % 4 == 0 { commissioning(number) } else { packing(number) });
    let events = events.map(|text| from_json(text.as_bytes()).expect("a valid event")).collect();
    Document { header: veridose_epcis::Header::default(), events }
}

fn codec(criterion: &mut Criterion) {
    let document = document();
    for (name, syntax) in [("json", Syntax::Json), ("xml20", Syntax::Xml20), ("xml12", Syntax::Xml12)] {
        let text = write_document(&document, syntax).expect("the document is valid");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function("read", |bencher| {
            bencher.iter(|| {
                let reader = Reader::new(black_box(&text[..]), None).expect("a document");
                reader.map(|event| event.expect("an event").epc_list.len()).sum::<usize>()
            });
        });
        group.bench_function("write", |bencher| bencher.iter(|| write_document(black_box(&document), syntax)));
        assert_eq!(read_document(&text).expect("it is read back").events, document.events);
        group.finish();
    }
    let mut group = criterion.benchmark_group("event");
    group.throughput(Throughput::Elements(document.events.len() as u64));
    group.bench_function("hash", |bencher| {
        bencher.iter(|| document.events.iter().map(|event| hash(black_box(event)).len()).sum::<usize>());
    });
    group.bench_function("to_json", |bencher| {
        bencher.iter(|| document.events.iter().map(|event| to_json(black_box(event)).len()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
