//! The network file.

use super::Network;
use crate::testing::Members;

#[test]
fn a_network_file_is_read_as_it_was_written_and_names_the_same_network() {
    let network = Members::new().network;
    let again = Network::parse(&network.to_toml()).expect("its own file");
    assert_eq!((again.id, &again.origin, &again.genesis), (network.id, &network.origin, &network.genesis));
}

#[test]
fn a_wrong_network_file_is_refused_with_its_fault() {
    let good = Members::new().network.to_toml();
    for (from, to, problem) in [
        ("admit_threshold = 2", "admit_threshold = 9", "threshold"),
        ("admit_threshold = 2", "admit_treshold = 2", "admit_treshold"),
        ("role = \"regulator\"", "role = \"king\"", "king"),
        ("ledger.example.org/test", "not a name", "origin"),
        ("id = \"north\"", "id = \"south\"", "twice"),
        ("BEGIN CERTIFICATE", "BEGIN PRIVATE KEY", "certificate"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Network::parse(&good.replacen(from, to, 1)).expect_err("refused").to_string();
        assert!(error.contains(problem), "{to}: {error}");
    }
}
