//! What a run writes: read back by the codec, checked against the rules of the trade and against its own truth.

mod chain;
mod patterns;
mod record;
mod stock;

use std::collections::BTreeMap;
use std::path::Path;

use record::Record;
use veridose_epcis::{Syntax, Writer, read_document};
use veridose_simulate::{Options, Pattern, SimulateError, run};

/// A run of some weeks into the folder.
fn options(folder: &Path) -> Options {
    Options { packs: 12_000, days: 60, prevalence: 0.006, ..Options::new(folder.join("run")) }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("a directory").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    entries.map(|path| (name(&path), std::fs::read(&path).expect("readable"))).collect()
}

fn ran(change: impl FnOnce(&mut Options)) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().expect("a directory");
    let mut options = options(folder.path());
    change(&mut options);
    run(&options).expect("runs");
    files(&options.out)
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let several = |options: &mut Options| (options.events_per_file, options.stock) = (4_000, true);
    let first = ran(several);
    assert!(first.len() > 6 && first.contains_key("truth.jsonl"), "{:?}", first.keys());
    let again = ran(|options| {
        several(options);
        options.threads = 1;
    });
    assert!(first == again);
    let other = ran(|options| {
        several(options);
        options.seed = 2;
    });
    assert!(first["events-00001.jsonld"] != other["events-00001.jsonld"]);
}

#[test]
fn every_document_goes_through_xml_and_comes_back() {
    for (name, text) in ran(|options| options.packs = 3_000).iter().filter(|(name, _)| name.ends_with(".jsonld")) {
        let document = read_document(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut writer = Writer::new(Vec::new(), Syntax::Xml20, &document.header).expect("writes");
        document.events.iter().for_each(|event| writer.write(event).unwrap_or_else(|error| panic!("{name}: {error}")));
        let xml = writer.finish().expect("writes");
        let back = read_document(&xml).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(document.events == back.events, "{name}");
        assert!(document.header.master_data == back.header.master_data, "{name}");
    }
}

#[test]
fn attacks_change_no_honest_event_but_those_of_what_was_taken() {
    let read = |prevalence| Record::read(&ran(|options| options.prevalence = prevalence));
    let (honest, attacked) = (read(0.0), read(0.006));
    assert!(honest.attacks().is_empty() && !attacked.attacks().is_empty());
    let by_id: BTreeMap<&str, _> = attacked.events.iter().map(|event| (record::id(event), event)).collect();
    let mut same = 0;
    for event in &honest.events {
        let Some(found) = by_id.get(record::id(event)) else { continue };
        let kept = found.epcs().all(|epc| event.epcs().any(|known| known == epc));
        assert!(kept && found.event_time == event.event_time, "{event:?}\n{found:?}");
        same += usize::from(*found == event);
    }
    assert!(same * 100 > honest.events.len() * 96, "{same} of {}", honest.events.len());
}

#[test]
fn noise_loses_doubles_and_delays() {
    let (still, noisy) = (Record::read(&ran(|options| options.noise = 0.0)), Record::read(&ran(|_| {})));
    let inspections = |record: &Record| record.of_step("inspecting").count();
    assert!(still.slips().is_empty());
    let slips: std::collections::BTreeSet<&str> = noisy.slips().iter().map(|truth| &*truth.pattern).collect();
    assert!(slips.contains("late_upload") && slips.len() >= 4, "{slips:?}");
    assert!(inspections(&noisy) < inspections(&still), "{} {}", inspections(&noisy), inspections(&still));
    let ids: std::collections::BTreeSet<&str> = noisy.events.iter().map(record::id).collect();
    let doubled = noisy.events.len() - ids.len();
    assert!(doubled * 1_000 > ids.len() && doubled * 200 < ids.len(), "{doubled} of {}", ids.len());
}

#[test]
fn wrong_options_say_what_to_do() {
    let folder = tempfile::tempdir().expect("a directory");
    let options = options(folder.path());
    let error = |changed: &Options| run(changed).expect_err("refused").to_string();
    assert_eq!(error(&Options { days: 3, ..options.clone() }), "days is 3: give 14 to 3650 days");
    assert_eq!(
        error(&Options { prevalence: f64::NAN, ..options.clone() }),
        "prevalence is NaN: give 0 to 0.05 attacks a pack"
    );
    assert!(Pattern::parse_list("1,nothing").expect_err("refused").to_string().contains("fast_clone, slow_clone"));
    std::fs::write(folder.path().join("something"), "there").expect("written");
    let full = Options { out: folder.path().to_owned(), ..options };
    assert!(matches!(run(&full), Err(SimulateError::NotEmpty(_))));
}
