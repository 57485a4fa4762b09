//! The network goes while somebody works.

use anyhow::ensure;
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
