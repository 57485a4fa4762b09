use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;

/// Keys that are put together from a code, by their beginning.
const BUILT: &[&str] = &[
    "problem-",
    "verdict-",
    "scan-",
    "note-",
    "role-",
    "person-",
    "reason-",
    "fault-",
    "detail-",
    "part-",
    "me-purpose-",
    "me-data-",
    "me-rule-",
    "me-sort-",
    "me-step-",
    "code-",
    "measure-",
    "hop-",
    "step-",
    "case-state-",
    "case-outcome-",
    "case-severity-",
    "case-step-",
    "case-done-",
    "views-",
    "script-case-proof-",
    "command-",
    "operator-job-",
    "operator-state-",
    "models-state-",
    "models-change-",
];

fn catalogue(language: Language) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for (name, text) in language.files() {
        let read = FluentResource::try_new((*text).to_owned());
        assert!(read.is_ok(), "{}/{name}.ftl: {:?}", language.code(), read.err().map(|(_, errors)| errors));
        for (key, places) in keys(text) {
            assert!(all.insert(key.clone(), places).is_none(), "{}: {key} stands twice", language.code());
        }
    }
    all
}

#[test]
fn every_language_has_the_same_keys_with_the_same_places() {
    let english = catalogue(Language::English);
    assert!(english.len() > 100);
    for language in Language::ALL {
        let other = catalogue(language);
        let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (english.keys().collect(), other.keys().collect());
        assert_eq!(ours.symmetric_difference(&theirs).collect::<Vec<_>>(), Vec::<&&String>::new(), "{language:?}");
        for (key, places) in &english {
            assert_eq!(&other[key], places, "{language:?}: {key}");
            let values: FluentArgs<'_> = places.iter().map(|place| (place.clone(), FluentValue::from("1"))).collect();
            let words = Words::of(language);
            let pattern = words.bundle.get_message(key).and_then(|message| message.value()).expect("a key has words");
            let mut errors = Vec::new();
            assert!(!words.bundle.format_pattern(pattern, Some(&values), &mut errors).is_empty(), "{key}");
            assert!(errors.is_empty(), "{language:?}: {key}: {errors:?}");
        }
    }
}

#[test]
fn files_of_the_catalogue_are_all_read() {
    for language in Language::ALL {
        let folder = source().join("locales").join(language.code());
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("a folder for each language")
            .map(|file| file.expect("readable").path().file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        assert_eq!(there, language.files().iter().map(|(name, _)| (*name).to_owned()).collect(), "{language:?}");
    }
}

#[test]
fn every_key_that_is_used_is_known_and_every_known_one_used() {
    let (mut used, mut sources) = (BTreeSet::new(), String::new());
    for file in files(&source()) {
        let text = std::fs::read_to_string(&file).expect("readable");
        for call in ["say(\"", ".with(\"", ".find(\"", "words[\""] {
            for rest in text.split(call).skip(1) {
                used.insert(rest.split('"').next().expect("ends").to_owned());
            }
        }
        sources.push_str(&text);
    }
    used.retain(|key| !key.is_empty() && !key.ends_with('-'));
    let known: BTreeSet<String> = catalogue(Language::English).into_keys().collect();
    assert!(used.len() > 50, "{used:?}");
    let unknown: Vec<_> = used.difference(&known).collect();
    assert!(unknown.is_empty(), "used, and in no catalogue: {unknown:?}");
    let is_used =
        |key: &str| sources.contains(&format!("\"{key}\"")) || BUILT.iter().any(|built| key.starts_with(built));
    let idle: Vec<_> = known.iter().filter(|key| !is_used(key)).collect();
    assert!(idle.is_empty(), "in the catalogue, and used nowhere: {idle:?}");
}

#[test]
fn the_scripts_words_are_whole_sentences() {
    let module = Words::of(Language::German).module();
    let object = module.trim_start_matches("export default ").trim_end().trim_end_matches(';');
    let words: BTreeMap<String, String> = serde_json::from_str(object).expect("an object of texts");
    assert!(words.len() > 20 && words.values().all(|said| !said.is_empty()));
    for (name, text) in Language::German.files() {
        if *name == SCRIPT || SHARED.contains(name) {
            assert!(!text.contains("->"), "{name}.ftl: scripts cannot choose between forms");
        }
    }
}

#[test]
fn a_browser_gets_the_language_that_it_likes_best() {
    for (accept, expected) in [
        ("", Language::English),
        ("de", Language::German),
        ("de-AT,de;q=0.9,en;q=0.8", Language::German),
        ("fr, en;q=0.3, de;q=0.7", Language::German),
        ("fr", Language::English),
        ("de;q=0, en;q=0.1", Language::English),
        ("en,de", Language::English),
        (";;;,q=,de;q=x", Language::English),
    ] {
        assert_eq!(Language::preferred(accept), expected, "{accept}");
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "js") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    found
}
