//! A pharmacy with packs on its shelf.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use veridose_tests::{Browser, Client, JSON_LD, Trial, commissioning, document, pack};

/// The scanner of a pack: the element string as it is in the symbol.
pub(super) fn code(serial: &str, lot: &str, yymmdd: &str) -> String {
    format!("(01)09506000134352(17){yymmdd}(10){lot}(21){serial}")
}

/// Makes packs of a lot and brings them to Harbour Pharmacy.
pub(super) async fn stock(trial: &Trial, serials: &[&str], lot: &str, expiry: &str) -> anyhow::Result<()> {
    make(trial, serials, lot, expiry).await?;
    let items: Vec<String> = serials.iter().map(|serial| pack(serial)).collect();
    hand_over(&trial.maker()?, &trial.harbour()?, &items).await
}

/// Makes packs of a lot.
pub(super) async fn make(trial: &Trial, serials: &[&str], lot: &str, expiry: &str) -> anyhow::Result<()> {
    let mut made = commissioning(serials, Some(lot));
    made["ilmd"]["cbvmda:itemExpirationDate"] = json!(expiry);
    let job = trial.maker()?.capture(JSON_LD, "rollback", document(&[made]).to_string()).await?;
    ensure!(job["success"] == true, "{job}");
    Ok(())
}

async fn hand_over(from: &Client, to: &Client, items: &[String]) -> anyhow::Result<()> {
    let body = json!({"to": "harbour-pharmacy", "items": items});
    let offered = from.post("/handoffs", &items.join(","), &body).await?.success()?;
    let offer = offered["offer"].as_str().context("an offer has a name")?;
    to.post(&format!("/handoffs/{offer}/accept"), offer, &json!({})).await?.success().map(drop)
}

/// Scans at the counter and waits for the verdict, whose code is given.
pub(super) async fn scan(browser: &Browser, text: &str) -> anyhow::Result<String> {
    browser.value("document.querySelector('#verdict article').dataset.old = ''").await?;
    let field = browser.find("#scan").await?;
    field.send_keys(format!("{text}\u{e007}")).await?;
    verdict(browser).await
}

/// The code of the verdict that appears.
pub(super) async fn verdict(browser: &Browser) -> anyhow::Result<String> {
    browser.wait("document.querySelector('#verdict article:not([data-old])') !== null").await?;
    let code = browser.value("document.querySelector('#verdict article').dataset.code").await?;
    Ok(code.as_str().unwrap_or_default().to_owned())
}

/// What the page says in large words.
pub(super) async fn sign(browser: &Browser) -> anyhow::Result<String> {
    Ok(browser.find("#verdict h2").await?.text().await?)
}

/// Waits until the page says that something was recorded.
pub(super) async fn recorded(browser: &Browser) -> anyhow::Result<()> {
    browser.wait("document.querySelector('#done').classList.contains('good')").await
}

/// Where a pack stands, as the pharmacy sees it.
pub(super) async fn standing(trial: &Trial, serial: &str) -> anyhow::Result<Value> {
    trial.harbour()?.verify(&pack(serial)).await
}

/// What happened to a pack: kinds of commands, in their order.
pub(super) async fn history(trial: &Trial, serial: &str) -> anyhow::Result<Vec<String>> {
    let pack = trial.harbour()?.get(&veridose_tests::pack_path(serial)).await?.success()?;
    let events = pack["history"].as_array().context("a pack has a history")?;
    Ok(events.iter().filter_map(|event| event["kind"].as_str().map(str::to_owned)).collect())
}

/// Becomes one of the trial's people, and goes to a page of theirs.
pub(super) async fn enter(browser: &Browser, person: &str, page: &str) -> anyhow::Result<()> {
    browser.go(&format!("/signin?next={page}")).await?;
    browser.find(&format!("button[name=person][value={person}]")).await?.click().await?;
    // A page with a script of its own says when that has begun.
    let ready = "'ready' in document.documentElement.dataset || document.querySelectorAll('script[src]').length === 1";
    browser.wait(&format!("location.pathname === '{page}' && document.readyState === 'complete' && ({ready})")).await
}
