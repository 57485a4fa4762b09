//! The operator's whole job: is it well, what waits, what ends, who may sign in.

use anyhow::ensure;
use veridose_tests::{Browser, Trial};

use super::ground::{enter, stock};

#[tokio::test]
async fn an_operator_sees_whether_the_node_is_well_and_minds_the_queue() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    enter(&browser, "operator", "/desk/operator").await?;
    browser.check("the node").await?;
    browser.picture("operator").await?;
    let said = |text: &str| format!("document.querySelector('main').innerText.includes('{text}')");
    for text in
        ["The ledger is written to.", "0 failures in a row", "Alpine Pharma", "signs, on this node", "authority"]
    {
        ensure!(browser.value(&said(text)).await? == true, "{text}");
    }
    ensure!(browser.value("document.querySelector('main .mark-stop') === null").await? == true, "it is well");
    // Nothing of the trade stands there.
    ensure!(browser.value(&said("09506000134352")).await? == false);

    // A periodic job is called off and put back, each by a click.
    browser.go("/desk/operator/jobs?state=queued").await?;
    let row =
        "[...document.querySelectorAll('tbody tr')].find((row) => row.innerText.startsWith('Remove what is too old'))";
    ensure!(browser.value(&format!("{row} !== undefined")).await? == true);
    browser.check("the queue").await?;
    browser.picture("operator-queue").await?;
    browser.value(&format!("({row}.id = 'prune', true)")).await?;
    browser.find("#prune button").await?.click().await?;
    browser.wait(&format!("location.search === '?state=queued' && {row} === undefined")).await?;
    let job = trial.agency()?.get("/jobs/prune").await?.success()?;
    ensure!(job["state"] == "cancelled", "{job}");
    // A page that was open before says that it is too late, and does nothing.
    browser.driver().back().await?;
    browser.go("/desk/operator/jobs?state=cancelled").await?;
    browser.value(&format!("({row}.id = 'prune', true)")).await?;
    browser.find("#prune button").await?.click().await?;
    browser.wait(&format!("location.search === '?state=cancelled' && {row} === undefined")).await?;
    let job = trial.agency()?.get("/jobs/prune").await?.success()?;
    ensure!(job["state"] != "cancelled", "{job}");

    browser.size(360, 740).await?;
    browser.dark(true).await?;
    browser.go("/desk/operator").await?;
    browser.check("the node on a phone").await?;
    browser.picture("operator-phone-dark").await?;
    for path in ["/desk/operator/jobs?state=rubbish", "/desk/operator/jobs?page=rubbish", "/desk/models"] {
        browser.go(path).await?;
        ensure!(browser.value("document.querySelector('table') === null").await? == true, "{path}");
    }
    browser.stayed_home().await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.close().await
}

#[tokio::test]
async fn the_node_is_for_whoever_runs_it() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let browser = Browser::open(trial.server.base(), "de").await?;
    enter(&browser, "pharmacist", "/desk/counter").await?;
    for path in ["/desk/operator", "/desk/operator/jobs", "/desk/models"] {
        browser.go(path).await?;
        ensure!(browser.value("document.querySelector('table') === null").await? == true, "{path}");
    }
    browser.driver().delete_all_cookies().await?;
    browser.go("/desk/operator").await?;
    browser.wait("location.pathname === '/signin'").await?;
    browser.find("button[value=operator]").await?.click().await?;
    browser.wait("location.pathname === '/desk/operator'").await?;
    browser.check("der Knoten").await?;
    browser.picture("operator-german").await?;
    browser.close().await
}
