//! Who is the relying party, and whose pages are its own.

use super::RelyingParty;
use crate::config::Config;

fn of(public_url: Option<&str>, rp_id: Option<&str>, origins: &[&str]) -> anyhow::Result<RelyingParty> {
    let mut config = Config { public_url: public_url.map(str::to_owned), ..Config::default() };
    config.patients.passkeys.rp_id = rp_id.map(str::to_owned);
    config.patients.passkeys.origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    RelyingParty::of(&config)
}

#[test]
fn the_domain_is_that_of_the_public_url_and_localhost_without_one() {
    let trial = of(None, None, &[]).expect("the default");
    assert_eq!(trial.id, "localhost");
    for (origin, accepted) in [
        ("http://localhost:8080", true),
        ("https://localhost", true),
        ("http://127.0.0.1:8080", false),
        ("https://localhost.evil.example", false),
        ("https://evil.example", false),
        ("null", false),
    ] {
        assert_eq!(trial.accepts(origin), accepted, "{origin}");
    }
    let public = of(Some("https://trace.example:8443/api"), None, &[]).expect("a host");
    assert_eq!((public.id.as_str(), public.accepts("https://trace.example:8443")), ("trace.example", true));
    assert!(!public.accepts("https://trace.example") && !public.accepts("http://localhost:8080"));
}

#[test]
fn pages_are_of_the_domain_and_reached_over_tls() {
    let portal = of(None, Some("clinic.example"), &["https://portal.clinic.example/sign"]).expect("of the domain");
    assert!(portal.accepts("https://portal.clinic.example") && !portal.accepts("https://clinic.example"));
    for origin in ["https://evilclinic.example", "http://clinic.example", "https://clinic.example.evil", "nothing"] {
        of(None, Some("clinic.example"), &[origin]).expect_err(origin);
    }
}
