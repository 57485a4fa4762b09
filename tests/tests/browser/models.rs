//! Models, by the people of the agency: one registers, a second one signs that it is put to use.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use veridose_tests::{Browser, Trial, printed, token};

use super::ground::{enter, stock};

const AGENCY: &str = "medicines-agency";

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path of text")
}

/// Models that are registered at the agency, each from another seed.
fn registered(trial: &Trial, folder: &Path, seeds: &[&str]) -> anyhow::Result<Vec<String>> {
    let (trade, secret) = (folder.join("trade"), folder.join("token"));
    std::fs::write(&secret, token(trial.data(), "regulator", &["--party", AGENCY])?)?;
    let (trade, secret) = (text(&trade)?, text(&secret)?);
    printed(folder, &["simulate", "--out", trade, "--packs", "1500", "--seed", "104", "--prevalence", "1e-2"])?;
    let labels = format!("{trade}/truth.jsonl");
    let mut names = Vec::new();
    for seed in seeds {
        let out = folder.join(format!("{seed}.model"));
        let out = text(&out)?;
        let from = ["--events", trade, "--labels", &labels, "--seed", seed, "--code", "a1b2c3d4", "--out", out];
        let to = ["--register", "--json", "--server", trial.server.base(), "--token-file", secret];
        let told = printed(folder, &[["model", "retrain"].as_slice(), &from, &to].concat())?;
        let told: Value = serde_json::from_str(&told)?;
        names.push(told["model"].as_str().context("a model has a name")?.to_owned());
    }
    Ok(names)
}

/// The second person's keys, which the node does not know.
fn second(trial: &Trial, folder: &Path) -> anyhow::Result<TempDir> {
    let second = tempfile::tempdir()?;
    let copied = Command::new("cp").arg("-r").arg(trial.data().join("keys")).arg(second.path()).status()?;
    ensure!(copied.success());
    printed(second.path(), &["key", "rotate", AGENCY])?;
    let network: Value = serde_json::from_str(&printed(trial.data(), &["ledger", "key", "--json"])?)?;
    let network = network["network"].as_str().context("a network")?;
    let secret = folder.join("token");
    let node = ["--network", network, "--server", trial.server.base(), "--token-file", text(&secret)?];
    printed(second.path(), &[["key", "register", AGENCY].as_slice(), &node].concat())?;
    Ok(second)
}

/// Has the second person sign what the page prepared.
async fn approve(browser: &Browser, keys: &Path, downloads: &Path) -> anyhow::Result<()> {
    let [key, certificate] = ["signer.key", "signer.pem"].map(|name| keys.join("keys").join(AGENCY).join(name));
    let pem = std::fs::read_to_string(&certificate)?;
    let field = browser.find("#certificate").await?;
    browser.driver().execute("arguments[0].value = arguments[1]", vec![field.to_json()?, json!(pem)]).await?;
    browser.find("#note").await?.send_keys("Looked at the card together.").await?;
    browser.find("#prepare button").await?.click().await?;
    browser.wait("!document.getElementById('sign').hidden").await?;
    browser.check("to be signed").await?;
    browser.picture("models-sign").await?;
    browser.find("#unsigned").await?.click().await?;
    let file = downloads.join("unsigned.json");
    for _ in 0..200 {
        if file.exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let signed = printed(keys, &["sign", "--key", text(&key)?, "--certificate", text(&certificate)?, text(&file)?])?;
    std::fs::remove_file(&file)?;
    // Pasted rubbish is refused in words, and what was prepared stays.
    let field = browser.find("#signed").await?;
    field.send_keys("rubbish\u{e004}").await?;
    browser.find("#sign button").await?.click().await?;
    browser.wait("document.getElementById('said').className === 'bad'").await?;
    browser.driver().execute("arguments[0].value = arguments[1]", vec![field.to_json()?, json!(signed)]).await?;
    browser.find("#sign button").await?.click().await?;
    browser.wait("document.querySelector('dl .mark-may') !== null && 'ready' in document.documentElement.dataset").await
}

#[tokio::test]
async fn an_inspector_reads_a_card_has_it_approved_and_goes_back() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A1", "A2", "A3"], "L1", "2049-12-31").await?;
    let folder = tempfile::tempdir()?;
    let names = registered(&trial, folder.path(), &["1", "2"])?;
    let keys = second(&trial, folder.path())?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    let downloads = json!({"behavior": "allow", "downloadPath": text(folder.path())?});
    browser.command("Browser.setDownloadBehavior", downloads).await?;
    enter(&browser, "inspector", "/desk/models").await?;
    browser.check("models").await?;
    browser.picture("models").await?;
    for (number, name) in names.iter().enumerate() {
        browser.go(&format!("/desk/models/{name}?party={AGENCY}")).await?;
        browser.wait("'ready' in document.documentElement.dataset").await?;
        if number == 0 {
            browser.check("a model").await?;
            browser.picture("models-card").await?;
            // The node's own certificate registered it: its signature is none of a second person.
            ensure!(browser.value("document.getElementById('promote') === null").await? == true);
            browser.find("#certificate").await?.send_keys("no certificate").await?;
            browser.find("#prepare button").await?.click().await?;
            browser.wait("document.getElementById('said').className === 'bad'").await?;
        }
        approve(&browser, keys.path(), folder.path()).await?;
    }
    let path = format!("/models/{}", names[1]);
    ensure!(trial.agency()?.get(&path).await?.success()?["state"] == "in_use");
    // Back to the one before.
    browser.find("#rollback button").await?.click().await?;
    browser
        .wait("document.querySelector('dl .mark-may') === null && document.getElementById('prepare') !== null")
        .await?;
    ensure!(trial.agency()?.get(&format!("/models/{}", names[0])).await?.success()?["state"] == "in_use");
    browser.go("/desk/models").await?;
    ensure!(browser.value("document.querySelectorAll('ol.entries li').length").await? == 5, "each decision is told");
    browser.check("models, one in use").await?;
    browser.picture("models-in-use").await?;

    // How far the trade is from what it learnt from.
    trial.agency()?.has_run("lake").await?;
    browser.go(&format!("/desk/models/{}?party={AGENCY}", names[0])).await?;
    browser.find(".measure button").await?.click().await?;
    browser.wait("document.querySelectorAll('.psi tbody tr').length > 5").await?;
    browser.check("drift").await?;
    browser.picture("models-drift").await?;
    browser.size(360, 740).await?;
    browser.dark(true).await?;
    browser.check("drift on a phone").await?;
    browser.picture("models-drift-phone-dark").await?;
    for path in ["/desk/models/none", &format!("/desk/models/{}/drift?days=0", names[0])] {
        browser.go(path).await?;
        ensure!(browser.value("document.querySelector('.psi, dl') === null").await? == true, "{path}");
    }
    browser.stayed_home().await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await
}
