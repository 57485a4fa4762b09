//! Exit codes and forms of the command line that need no server.

use serde_json::Value;
use veridose_tests::{Documents, veridose};

fn code(arguments: &[&str]) -> Option<i32> {
    let data = tempfile::tempdir().expect("temporary directory");
    veridose(data.path(), arguments).expect("runs").status.code()
}

#[test]
fn exit_codes_tell_done_refused_and_misused() {
    assert_eq!(code(&["scan", "(01)09506000134352(17)271231(10)ABC123(21)XYZ"]), Some(0));
    assert_eq!(code(&["scan", "(01)09506000134353(21)XYZ"]), Some(1), "a wrong check digit");
    assert_eq!(code(&["scan"]), Some(2), "nothing to scan");
    assert_eq!(code(&["no-such-command"]), Some(2));
    assert_eq!(code(&["epcis", "validate", "/no/such/file.json"]), Some(1));
}

#[test]
fn a_scan_is_taken_apart() {
    let data = tempfile::tempdir().expect("temporary directory");
    let output = veridose(data.path(), &["scan", "(01)09506000134352(17)271231(10)ABC123(21)XYZ"]).expect("runs");
    let scan: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let elements: Vec<_> =
        scan["elements"].as_array().expect("a list").iter().map(|e| (&e["ai"], &e["value"])).collect();
    let expected = [("01", "09506000134352"), ("17", "271231"), ("10", "ABC123"), ("21", "XYZ")];
    assert_eq!(elements.len(), expected.len(), "{scan}");
    for (element, (ai, value)) in elements.into_iter().zip(expected) {
        assert_eq!(element, (&Value::from(ai), &Value::from(value)));
    }
    assert_eq!(scan["problem"], Value::Null);
}

#[test]
fn real_documents_validate_and_invalid_ones_do_not() {
    let Some(documents) = Documents::find() else { return };
    for (folder, extension) in [("epcis/1.2-xml", "xml"), ("epcis/2.0-xml", "xml"), ("epcis/2.0-json", "json")] {
        for path in documents.list(folder, extension).expect("a folder") {
            let path = path.to_str().expect("a path of text");
            assert_eq!(code(&["epcis", "validate", path]), Some(0), "{path}");
        }
    }
    for name in ["ObjectEvent_with_invalid_action.json", "ObjectEvent_without_eventTime.xml"] {
        let path = documents.path("epcis/invalid").join(name);
        assert_eq!(code(&["epcis", "validate", path.to_str().expect("text")]), Some(1), "{name}");
    }
}
