//! The network goes while somebody works.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use serde_json::json;
use thirtyfour::Key;
use veridose_tests::{Browser, Trial};

use super::ground::{code, history, recorded, scan, stock};

#[tokio::test]
async fn what_is_done_without_a_network_is_sent_once_with_its_own_time() -> anyhow::Result<()> {
    let mut trial = Trial::start().await?;
    stock(&trial, &["O1", "O2", "O3"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    ensure!(scan(&browser, &code("O1", "L1", "491231")).await? == "may_be_dispensed");
    // Kept by the worker from its second showing on.
    browser.wait("navigator.serviceWorker.controller !== null").await?;
    browser.go("/desk/counter").await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    trial.server.kill_in_place()?;
    for serial in ["O1", "O2"] {
        ensure!(scan(&browser, &code(serial, "L1", "491231")).await? == "no_network");
        browser.keys(Key::F2).await?;
        browser.wait(&format!("document.querySelector('#waiting-list').textContent.includes('{serial}')")).await?;
    }
    browser.check("offline").await?;
    browser.picture("counter-offline").await?;
    // The page itself opens anew, and nothing is lost.
    browser.driver().refresh().await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    let waiting = "[...document.querySelectorAll('#waiting-list .waiting')].length";
    ensure!(browser.value(waiting).await? == 4, "two scans and two supplies wait");
    ensure!(scan(&browser, &code("O3", "L1", "491231")).await? == "no_network");
    trial.server.start_again(&["serve"]).await?;
    browser.wait("document.querySelector('#waiting').hidden").await?;
    browser.wait("document.querySelectorAll('#today-list li').length === 2").await?;
    browser.wait("document.querySelector('#network').hidden").await?;
    for serial in ["O1", "O2"] {
        ensure!(history(&trial, serial).await?.iter().filter(|kind| *kind == "decommission").count() == 1, "{serial}");
    }
    ensure!(!history(&trial, "O3").await?.contains(&"decommission".to_owned()));
    // The pack of the shelf is still there to be supplied.
    ensure!(scan(&browser, &code("O3", "L1", "491231")).await? == "may_be_dispensed");
    browser.keys(Key::F2).await?;
    recorded(&browser).await?;
    browser.close().await
}

#[tokio::test]
async fn what_is_refused_later_is_told() -> anyhow::Result<()> {
    let mut trial = Trial::start().await?;
    stock(&trial, &["P1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.wait("navigator.serviceWorker.controller !== null").await?;
    trial.server.kill_in_place()?;
    ensure!(scan(&browser, &code("NONE", "L1", "491231")).await? == "no_network");
    browser.keys(Key::F2).await?;
    browser.wait("document.querySelectorAll('#waiting-list .waiting').length === 2").await?;
    trial.server.start_again(&["serve"]).await?;
    browser.wait("document.querySelector('#waiting-list .refused')?.textContent.includes('No such pack')").await?;
    browser.check("refused later").await?;
    browser.picture("counter-refused-later").await?;
    browser.find("#waiting-list button").await?.click().await?;
    browser.wait("document.querySelector('#waiting').hidden").await?;
    browser.close().await
}

/// Files of a folder that hold a text as it is, in one byte a character or two.
fn holding(folder: &Path, text: &str) -> anyhow::Result<Vec<PathBuf>> {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(holding(&path, text)?);
        } else if path.is_file() {
            let bytes = std::fs::read(&path)?;
            let has = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            if has(text.as_bytes()) || has(&wide) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

#[tokio::test]
async fn what_waits_is_sealed_and_outlives_the_browser() -> anyhow::Result<()> {
    let (serial, prescription, canary) = ("SEALEDQ7X", "RX-FOR-PATIENT-31", "in-the-clear-4711");
    let mut trial = Trial::start().await?;
    stock(&trial, &[serial], "L1", "2049-12-31").await?;
    let wish = json!({"patient": "patient-31", "purpose": "dispense_record", "grantee": "harbour-pharmacy"});
    let consent = trial.harbour()?.post("/consents", "c", &wish).await?.success()?;
    let consent = consent["consent"].as_str().unwrap_or_default().to_owned();
    let profile = tempfile::tempdir()?;
    let browser = Browser::open_kept(trial.server.base(), "en", profile.path()).await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.wait("navigator.serviceWorker.controller !== null").await?;
    browser.go("/desk/counter").await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    trial.server.kill_in_place()?;
    ensure!(scan(&browser, &code(serial, "L1", "491231")).await? == "no_network");
    browser.find("[data-act=dispense]").await?.click().await?;
    browser.find("#ask-dispense summary").await?.click().await?;
    browser.find("#consent").await?.send_keys(&consent).await?;
    browser.find("#prescription").await?.send_keys(prescription).await?;
    browser.find("#ask-dispense button.primary").await?.click().await?;
    browser.wait("document.querySelectorAll('#waiting-list .waiting').length === 2").await?;
    // A second window shows what waits, too, and keeps it once.
    let first = browser.driver().window().await?;
    browser.driver().new_window().await?;
    let windows = browser.driver().windows().await?;
    let second = windows.into_iter().find(|window| *window != first).expect("a window opened");
    browser.driver().switch_to_window(second).await?;
    browser.go("/desk/counter").await?;
    browser.wait("document.querySelectorAll('#waiting-list .waiting').length === 2").await?;
    // The key cannot be read out, and nothing lies beside the safe.
    let exported = "const done = arguments[arguments.length - 1];
        const asked = indexedDB.open('veridose-safe');
        asked.onsuccess = () => {
            const key = asked.result.transaction('keys').objectStore('keys').get('entries');
            key.onsuccess = () => crypto.subtle.exportKey('raw', key.result).then(() => done('out'), (error) => done(error.name));
        };";
    let exported = browser.driver().execute_async(exported, Vec::new()).await?;
    ensure!(exported.json() == "InvalidAccessError", "{:?}", exported.json());
    let beside = browser.value("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]").await?;
    ensure!(beside == json!([]), "{beside}");
    // What the search finds, if it is there.
    browser.value(&format!("localStorage.setItem('canary', '{canary}')")).await?;
    browser.close().await?;
    ensure!(!holding(profile.path(), canary)?.is_empty(), "the search finds nothing that is there");
    for secret in [serial, prescription, &consent] {
        let found = holding(profile.path(), secret)?;
        ensure!(found.is_empty(), "{secret} lies in {found:?}");
    }

    // Another day: the browser opens anew, first without the network.
    let browser = Browser::open_kept(trial.server.base(), "en", profile.path()).await?;
    browser.go("/desk/counter").await?;
    browser.wait("document.querySelectorAll('#waiting-list .waiting').length === 2").await?;
    browser.picture("counter-offline-again").await?;
    trial.server.start_again(&["serve"]).await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.wait("document.querySelector('#waiting').hidden").await?;
    browser.wait("document.querySelectorAll('#today-list li').length === 1").await?;
    ensure!(history(&trial, serial).await?.iter().filter(|kind| *kind == "dispense").count() == 1);
    browser.close().await
}
