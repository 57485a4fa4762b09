//! The ledger's pages: proofs hold, and do not hold when a byte is another one.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use veridose_tests::{Browser, Trial};

use super::ground::{code, enter, stock};

/// What the page says of all steps together.
async fn state(browser: &Browser, list: &str) -> anyhow::Result<String> {
    browser.wait(&format!("document.querySelector('{list} .checks')?.dataset.state !== undefined")).await?;
    let state = browser.value(&format!("document.querySelector('{list} .checks').dataset.state")).await?;
    Ok(state.as_str().unwrap_or_default().to_owned())
}

/// The steps that were checked, each with what came of it.
async fn steps(browser: &Browser, list: &str) -> anyhow::Result<Value> {
    let lines = format!("document.querySelectorAll('{list} .checks li:not([hidden])')");
    browser
        .value(&format!("Object.fromEntries([...{lines}].map((line) => [line.dataset.step, line.dataset.state]))"))
        .await
}

/// Has the page check a receipt that somebody brings.
async fn bring(browser: &Browser, receipt: &str) -> anyhow::Result<String> {
    browser.value("delete document.querySelector('section:has(> #own) .checks').dataset.state").await?;
    let field = browser.find("#receipt").await?;
    browser.driver().execute("arguments[0].value = arguments[1]", vec![field.to_json()?, json!(receipt)]).await?;
    browser.find("#own button").await?.click().await?;
    state(browser, "section:has(> #own)").await
}

#[tokio::test]
async fn an_inspector_finds_a_transaction_and_verifies_it() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    enter(&browser, "inspector", "/desk/ledger").await?;
    ensure!(state(&browser, "#checkpoint").await? == "true");
    ensure!(steps(&browser, "#checkpoint").await? == json!({"checkpoint": "true"}), "nothing was seen before");
    browser.check("the ledger").await?;
    browser.picture("ledger").await?;

    // By what is in hand: a scan leads to what happened to the pack.
    browser.find("#q").await?.send_keys(format!("{}\u{e007}", code("A1", "L1", "491231"))).await?;
    browser.wait("document.querySelectorAll('tbody tr').length === 3").await?;
    browser.check("found").await?;
    browser.picture("ledger-found").await?;
    browser.find("tbody a").await?.click().await?;
    browser.wait("document.getElementById('verify') !== null && 'ready' in document.documentElement.dataset").await?;
    browser.find("#verify").await?.click().await?;
    ensure!(state(&browser, "#proof").await? == "true", "{}", steps(&browser, "#proof").await?);
    let all =
        json!({"checkpoint": "true", "inclusion": "true", "transaction": "true", "signature": "true", "name": "true"});
    ensure!(steps(&browser, "#proof").await? == all);
    browser.check("a transaction").await?;
    browser.picture("ledger-transaction").await?;
    // The pack's name is part of what is proven.
    browser.value("document.getElementById('proof').dataset.name = '(01)09506000134352(21)A2'").await?;
    browser.find("#verify").await?.click().await?;
    browser.wait("document.querySelector('#proof .checks').dataset.state === 'false'").await?;
    browser.picture("ledger-transaction-of-another").await?;
    ensure!(steps(&browser, "#proof").await?["name"] == "false");

    // By number, by name, by case; and what is nothing.
    let tx = browser.value("location.pathname.split('/').at(-1)").await?;
    let case = trial.agency()?.post("/cases", "c", &json!({"title": "Odd", "items": []})).await?.success()?;
    for text in ["0", tx.as_str().context("a name")?, case["case"].as_str().context("a name")?] {
        browser.go(&format!("/desk/ledger/search?q={text}")).await?;
        ensure!(browser.value("document.querySelectorAll('tbody tr').length").await?.as_u64() > Some(0), "{text}");
    }
    for text in
        ["rubbish", "99999999", "%3Cscript%3Ealert(1)%3C/script%3E", "%F0%9F%92%8A", "(01)09506000134352(21)NONE", ""]
    {
        browser.go(&format!("/desk/ledger/search?q={text}")).await?;
        ensure!(browser.value("document.querySelector('.card .notice') !== null").await? == true, "{text}");
        browser.check(text).await?;
    }
    browser.stayed_home().await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await
}

#[tokio::test]
async fn a_receipt_with_another_byte_proves_nothing() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A1"], "L1", "2049-12-31").await?;
    let pack = trial.agency()?.get(&veridose_tests::pack_path("A1")).await?.success()?;
    let path = pack["history"][0]["receipt"].as_str().context("a history has receipts")?;
    let receipt = trial.agency()?.get(path).await?.success()?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    enter(&browser, "pharmacist", "/desk/ledger").await?;
    ensure!(bring(&browser, &receipt.to_string()).await? == "true");
    let other = |text: &Value, at: usize| {
        let mut text: Vec<char> = text.as_str().unwrap_or_default().chars().collect();
        let at = at.min(text.len() - 5);
        text[at] = if text[at] == 'A' { 'B' } else { 'A' };
        json!(text.into_iter().collect::<String>())
    };
    let proof = receipt["proof"].as_str().unwrap_or_default();
    let end = proof.find("\n\n").context("a proof has a checkpoint")?;
    let mut altered = Vec::new();
    for (part, at) in [("entry", 20), ("entry", 9_999), ("proof", end - 9), ("proof", end + 60), ("proof", 99_999)] {
        let mut changed = receipt.clone();
        changed[part] = other(&receipt[part], at);
        altered.push((format!("{part} {at}"), changed));
    }
    for list in ["commands", "items"] {
        let mut changed = receipt.clone();
        changed[list][0]["path"][0] = other(&receipt[list][0]["path"][0], 7);
        altered.push((format!("path of {list}"), changed));
        let mut changed = receipt.clone();
        changed[list][0]["leaf_index"] = json!(receipt[list][0]["leaf_index"].as_u64().unwrap_or_default() + 1);
        altered.push((format!("place of {list}"), changed));
    }
    for (what, changed) in altered {
        ensure!(bring(&browser, &changed.to_string()).await? == "false", "{what} was altered, and it held");
    }
    browser.check("a receipt that fails").await?;
    browser.picture("ledger-altered").await?;
    for rubbish in ["{", "null", "[]", "💊", "{\"version\":1}", "5"] {
        ensure!(bring(&browser, rubbish).await? == "false", "{rubbish}");
    }
    // The browser is a witness: the log goes on, and another log under its name is noticed.
    stock(&trial, &["A2"], "L1", "2049-12-31").await?;
    browser.go("/desk/ledger").await?;
    ensure!(state(&browser, "#checkpoint").await? == "true");
    ensure!(steps(&browser, "#checkpoint").await? == json!({"checkpoint": "true", "continued": "true"}));
    let change = "(() => { const [place] = Object.keys(localStorage).filter((key) => key.startsWith('veridose-log-')); \
                  const kept = JSON.parse(localStorage[place]); kept.size = String(Number(kept.size) - 1); \
                  localStorage[place] = JSON.stringify(kept); return true; })()";
    browser.value(change).await?;
    browser.go("/desk/ledger").await?;
    ensure!(state(&browser, "#checkpoint").await? == "false");
    browser.picture("ledger-other-log").await?;
    browser.close().await
}

#[tokio::test]
async fn everybody_sees_of_the_ledger_what_the_api_shows_them() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A1"], "L1", "2049-12-31").await?;
    let pack = trial.agency()?.get(&veridose_tests::pack_path("A1")).await?.success()?;
    let tx = pack["history"][0]["tx"].as_str().context("a transaction has a name")?.to_owned();
    let browser = Browser::open(trial.server.base(), "de").await?;
    enter(&browser, "other-pharmacist", "/desk/ledger").await?;
    for path in [format!("/desk/ledger/transactions/{tx}"), "/desk/ledger/transactions/none".to_owned()] {
        browser.go(&path).await?;
        ensure!(browser.value("document.getElementById('proof') === null").await? == true, "{path}");
    }
    browser.go(&format!("/desk/ledger/search?q={tx}")).await?;
    ensure!(browser.value("document.querySelector('.card .notice') !== null").await? == true);
    browser.size(360, 740).await?;
    browser.dark(true).await?;
    browser.go("/desk/ledger").await?;
    ensure!(state(&browser, "#checkpoint").await? == "true");
    browser.check("das Register am Telefon").await?;
    browser.picture("ledger-phone-dark-german").await?;
    browser.size(1280, 900).await?;
    browser.dark(false).await?;
    browser.driver().delete_all_cookies().await?;
    enter(&browser, "operator", "/desk/ledger").await?;
    ensure!(browser.value("document.querySelector('table, #q') === null").await? == true, "an operator sees no trade");
    browser.check("for an operator").await?;
    browser.picture("ledger-operator").await?;
    browser.driver().delete_all_cookies().await?;
    browser.go("/signin?next=/desk/ledger").await?;
    browser.find("button[value=patient]").await?.click().await?;
    browser.wait("location.pathname === '/desk/ledger'").await?;
    ensure!(browser.value("document.getElementById('checkpoint') === null").await? == true, "it is not a patient's");
    browser.close().await
}
