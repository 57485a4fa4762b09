//! Signing on an organisation's own side, with the keys that the trial network keeps in the data directory.

use anyhow::Context as _;
use reqwest::Method;
use serde_json::json;
use veridose_ledger::pki::{fingerprint, parse_pem};

use crate::client::{Client, printed, send};
use crate::goods::pack;
use crate::server::Server;

/// Alpine Pharma's transaction that destroys a pack: prepared by the node, signed with the command line, as base64.
pub async fn signed_destruction(server: &Server, maker: &Client, serial: &str) -> anyhow::Result<String> {
    let folder = server.data().join("keys/alpine-pharma");
    let (key, certificate) = (folder.join("signer.key"), folder.join("signer.pem"));
    let name = fingerprint(&parse_pem(&std::fs::read_to_string(&certificate)?)?);
    let request = maker.request(Method::POST, "/decommissions").header("Prefer", "return=unsigned");
    let request = request.header("Veridose-Certificate", name.to_string()).header("Idempotency-Key", serial);
    let body = json!({"items": [pack(serial)], "reason": "destroyed"});
    let unsigned = send(request.json(&body)).await?.success()?;
    let file = server.data().join("unsigned.json");
    std::fs::write(&file, unsigned.to_string())?;
    let [key, certificate, file] = [key, certificate, file].map(|path| path.to_str().map(str::to_owned));
    let missing = "a path of text";
    let (key, certificate) = (key.context(missing)?, certificate.context(missing)?);
    let file = file.context(missing)?;
    printed(server.data(), &["sign", "--key", &key, "--certificate", &certificate, &file])
}
