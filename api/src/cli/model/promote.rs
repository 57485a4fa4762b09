//! A second person puts a model to use.

use anyhow::Result;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use super::Promotion;
use crate::cli::Outcome;
use crate::cli::client::{Answered, text_of};
use crate::cli::sign::signed;
use crate::config::Config;

pub(super) fn run(config: &Config, wanted: &Promotion, json: bool) -> Result<Outcome> {
    let (client, signer) = (wanted.connection.client()?, wanted.key.signer(config)?);
    let request = client
        .request(Method::POST, &format!("/models/{}/promote", wanted.model))
        .header("Prefer", "return=unsigned")
        .header("Veridose-Certificate", signer.fingerprint().to_string())
        .json(&json!({ "note": wanted.note }));
    let unsigned = match client.exchange(request)?.0 {
        Answered::Done(unsigned) => unsigned,
        refused @ Answered::Refused(_) => return refused.tell(json, |_| Vec::new()),
    };
    let transaction = signed(&unsigned.to_string(), &signer)?;
    let request = client.request(Method::POST, "/transactions").header(CONTENT_TYPE, "text/plain").body(transaction);
    client
        .exchange(request)?
        .0
        .tell(json, |done| vec![format!("model {} is in use: transaction {}", wanted.model, text_of(done, "tx"))])
}
