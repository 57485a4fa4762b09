//! The session ends in the middle.

use anyhow::{Context as _, ensure};
use thirtyfour::Key;
use veridose_tests::{Browser, Trial};

use super::ground::{code, history, recorded, scan, stock};

#[tokio::test]
async fn what_was_begun_goes_on_after_a_sign_in_in_place() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["S1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    ensure!(scan(&browser, &code("S1", "L1", "491231")).await? == "may_be_dispensed");
    browser.driver().delete_cookie("veridose").await?;
    browser.keys(Key::F2).await?;
    browser.wait("!document.querySelector('#session').hidden").await?;
    browser.find("#scan").await?.send_keys("half a co").await?;
    browser.check("session over").await?;
    browser.picture("counter-session-over").await?;
    ensure!(!history(&trial, "S1").await?.contains(&"decommission".to_owned()));
    // Signed in anew beside the page.
    let here = browser.driver().window().await?;
    browser.find("#session a").await?.click().await?;
    let windows = browser.driver().windows().await?;
    let beside = windows.into_iter().find(|window| *window != here).context("a window opened")?;
    browser.driver().switch_to_window(beside).await?;
    browser.find("button[value=pharmacist]").await?.click().await?;
    browser.driver().switch_to_window(here).await?;
    recorded(&browser).await?;
    ensure!(browser.value("document.querySelector('#session').hidden").await? == true);
    ensure!(browser.value("document.querySelector('#scan').value").await? == "half a co", "what was typed is there");
    ensure!(history(&trial, "S1").await?.iter().filter(|kind| *kind == "decommission").count() == 1);
    // Signed out: the desk is closed, and says how to open it.
    browser.find("#sign-out button").await?.click().await?;
    browser.wait("location.pathname === '/signin'").await?;
    browser.go("/desk/counter").await?;
    ensure!(browser.value("location.pathname + location.search").await? == "/signin?next=%2Fdesk%2Fcounter");
    // Another role has no counter.
    browser.find("button[value=inspector]").await?.click().await?;
    browser.wait("document.body.textContent.includes('not for your role')").await?;
    browser.check("not for this role").await?;
    browser.close().await
}
