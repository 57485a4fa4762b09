//! The shipping clerk makes packs, packs them, labels them, recalls them, and shows their papers.

use anyhow::{Context as _, ensure};
use serde_json::json;
use thirtyfour::Key;
use veridose_tests::{Browser, Trial, pack};

use super::ground::{make, stock};

const START: &str = "/desk/shipping";

async fn ready(browser: &Browser) -> anyhow::Result<()> {
    browser.wait("'ready' in document.documentElement.dataset").await
}

async fn open(browser: &Browser, path: &str) -> anyhow::Result<()> {
    browser.go(path).await?;
    ready(browser).await
}

async fn said(browser: &Browser) -> anyhow::Result<String> {
    Ok(browser.find("main").await?.text().await?)
}

async fn fill(browser: &Browser, css: &str, text: &str) -> anyhow::Result<()> {
    Ok(browser.find(css).await?.send_keys(text).await?)
}

/// A date, as a date field takes it from a script; how it is typed is the browser's own affair.
async fn expiry(browser: &Browser, day: &str) -> anyhow::Result<()> {
    let field = browser.find("#expiry").await?;
    let set = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))";
    browser.driver().execute(set, vec![field.to_json()?, json!(day)]).await?;
    Ok(())
}

/// The document that a link of the page leads to, fetched with the page's session: its first bytes, and how many there are.
async fn fetched(browser: &Browser, css: &str) -> anyhow::Result<(String, u64)> {
    let fetch = "const done = arguments[1]; fetch(document.querySelector(arguments[0]).href).then((answer) => answer.arrayBuffer()) \
                 .then((bytes) => done([new TextDecoder('latin1').decode(bytes.slice(0, 5)), bytes.byteLength]));";
    let found = browser.driver().execute_async(fetch, vec![json!(css)]).await?.json().clone();
    Ok((found[0].as_str().unwrap_or_default().to_owned(), found[1].as_u64().unwrap_or_default()))
}

#[tokio::test]
async fn a_clerk_makes_packs_labels_them_and_packs_them() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("shipping-clerk", START).await?;
    open(&browser, "/desk/shipping/make").await?;
    browser.check("make").await?;
    browser.picture("shipping-make").await?;
    // A check digit that does not fit is refused; what was typed stays.
    fill(&browser, "#gtin", "09506000134351").await?;
    fill(&browser, "#lot", "M1").await?;
    expiry(&browser, "2028-02-29").await?;
    fill(&browser, "#count", "3").await?;
    browser.find("#make button.primary").await?.click().await?;
    browser.wait("document.querySelector('#done').classList.contains('bad')").await?;
    ensure!(browser.value("document.querySelector('#lot').value").await? == "M1");
    browser.find("#gtin").await?.clear().await?;
    fill(&browser, "#gtin", "09506000134352").await?;
    let button = browser.find("#make button.primary").await?;
    browser.driver().action_chain().double_click_element(&button).perform().await?;
    browser.wait("/labels\\/[0-9]+$/.test(location.pathname) && 'ready' in document.documentElement.dataset").await?;
    browser.check("labels of packs").await?;
    browser.picture("shipping-labels").await?;
    ensure!(browser.value("document.querySelectorAll('.label svg.symbol path').length").await? == 3);
    ensure!(said(&browser).await?.contains("(17)280229"), "{}", said(&browser).await?);
    let (head, bytes) = fetched(&browser, "a[href$='sheet.pdf']").await?;
    ensure!(head == "%PDF-" && bytes > 2_000, "{head} {bytes}");
    let lots = trial.maker()?.rows("/products/09506000134352/lots").await?;
    ensure!(lots.len() == 1 && lots[0]["commissioned"] == 3, "a double click makes the packs once: {lots:?}");
    let label = "[...document.querySelectorAll('.label:first-child .hri code')].map((code) => code.textContent).slice(0, 2).join('')";
    let first = browser.value(label).await?.as_str().context("a label")?.to_owned();
    ensure!(trial.maker()?.verify(&first).await?["status"] == "active", "{first}");

    // The numbers of new cases, then packs into one, by scanning alone.
    open(&browser, "/desk/shipping/pack").await?;
    browser.check("pack").await?;
    fill(&browser, "#prefix", "9506000").await?;
    browser.find("form.filter button").await?.click().await?;
    browser.wait("document.querySelector('.label.case') !== null").await?;
    browser.check("labels of cases").await?;
    browser.picture("shipping-labels-case").await?;
    let case = browser.value("document.querySelector('.label .hri code').textContent").await?;
    let case = case.as_str().context("a label")?.to_owned();
    ensure!(case.starts_with("(00)0950600000000000"), "{case}");
    open(&browser, "/desk/shipping/pack").await?;
    for code in [case.as_str(), first.as_str()] {
        fill(&browser, "#scan", &format!("{code}\u{e007}")).await?;
        browser.wait("document.querySelector('#scan').value === ''").await?;
    }
    browser.wait("document.querySelectorAll('#items li').length === 1").await?;
    ensure!(browser.value("document.querySelector('#container').value").await? == case.as_str());
    browser.picture("shipping-pack").await?;
    browser.find("#pack button.primary").await?.click().await?;
    browser
        .wait("document.querySelector('.label.case') !== null && 'ready' in document.documentElement.dataset")
        .await?;
    ensure!(said(&browser).await?.contains(&case));
    let path = format!("/packs/{}", first.replace('(', "%28").replace(')', "%29"));
    let standing = trial.maker()?.get(&path).await?.success()?;
    ensure!(standing["standing"]["containers"].as_array().is_some_and(|above| above.len() == 1), "{standing}");
    // And out again.
    open(&browser, "/desk/shipping/pack").await?;
    fill(&browser, "#scan", &format!("{case}\u{e007}")).await?;
    browser.wait("document.querySelector('#container').value !== ''").await?;
    browser.find("button[data-to='/unpackings']").await?.click().await?;
    browser.wait("document.querySelector('#done').classList.contains('good')").await?;
    let standing = trial.maker()?.get(&path).await?.success()?;
    ensure!(standing["standing"]["containers"] == json!([]), "{standing}");
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

#[tokio::test]
async fn a_recall_tells_where_the_packs_are_and_who_has_answered() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["R1", "R2"], "BAD", "2049-12-31").await?;
    make(&trial, &["R3"], "BAD", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("shipping-clerk", START).await?;
    open(&browser, "/desk/shipping/recalls").await?;
    browser.check("no recalls").await?;
    browser.find("a[href='/desk/shipping/recall']").await?.click().await?;
    browser
        .wait("location.pathname === '/desk/shipping/recall' && 'ready' in document.documentElement.dataset")
        .await?;
    browser.find("#target option[value='lot 09506000134352 BAD']").await?.click().await?;
    browser.find("input[name=class][value='1']").await?.click().await?;
    fill(&browser, "#reason", "particles").await?;
    browser.check("a recall").await?;
    browser.picture("shipping-recall").await?;
    let button = browser.find("#recall button.primary").await?;
    browser.driver().action_chain().double_click_element(&button).perform().await?;
    browser.wait("document.querySelector('table') !== null && 'ready' in document.documentElement.dataset").await?;
    ensure!(trial.maker()?.rows("/recalls").await?.len() == 1);
    ensure!(trial.harbour()?.verify(&pack("R1")).await?["code"] == "recalled");
    let text = said(&browser).await?;
    ensure!(text.contains("2 holders have not answered"), "{text}");
    browser.check("the reach of a recall").await?;
    browser.picture("shipping-reach").await?;
    // The pharmacy destroys one and sets the other apart; the maker has yet to answer for its own.
    let gone = json!({"items": [pack("R2")], "reason": "destroyed"});
    trial.harbour()?.post("/decommissions", "d", &gone).await?.success()?;
    let path = browser.value("location.pathname").await?.as_str().context("a path")?.to_owned();
    let holder = Browser::open(trial.server.base(), "de").await?;
    holder.sign_in("pharmacist", "/desk/counter").await?;
    open(&holder, &path).await?;
    ensure!(said(&holder).await?.contains("1 Besitzer hat nicht geantwortet"), "{}", said(&holder).await?);
    fill(&holder, "#scan", &format!("{}\u{e007}", pack("R1"))).await?;
    holder.wait("document.querySelectorAll('#items li').length === 1").await?;
    holder.check("set apart").await?;
    holder.picture("shipping-apart").await?;
    holder.find("#apart button.primary").await?.click().await?;
    holder.wait("document.querySelector('#done').classList.contains('good')").await?;
    open(&browser, &path).await?;
    let text = said(&browser).await?;
    ensure!(text.contains("1 holder has not answered"), "{text}");
    browser.picture("shipping-reach-answered").await?;
    // A holder sees itself alone, in German and on a narrow screen.
    let text = said(&holder).await?;
    ensure!(text.contains("Harbour Pharmacy") && text.contains("Alle Besitzer haben geantwortet"), "{text}");
    ensure!(holder.value("document.querySelectorAll('tbody tr').length").await? == 1);
    holder.size(360, 900).await?;
    holder.check("reach, narrow").await?;
    holder.picture("shipping-reach-360").await?;
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    holder.close().await?;
    browser.close().await
}

#[tokio::test]
async fn the_papers_of_a_pack_are_read_and_printed() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["P1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    open(&browser, "/desk/shipping/trace").await?;
    browser.check("trace, empty").await?;
    // With the keyboard alone, and no script has to run for it.
    ensure!(browser.value("document.activeElement.id").await? == "scan");
    browser.keys(pack("P1") + Key::Enter).await?;
    browser
        .wait("document.querySelector('.transfers') !== null && 'ready' in document.documentElement.dataset")
        .await?;
    let text = said(&browser).await?;
    for expected in
        ["Alpine Pharma", "Harbour Pharmacy", "L1", "2049-12-31", pack("P1").as_str(), "did not knowingly alter"]
    {
        ensure!(text.contains(expected), "{expected}: {text}");
    }
    browser.check("trace").await?;
    browser.picture("shipping-trace").await?;
    browser.command("Emulation.setEmulatedMedia", json!({"media": "print"})).await?;
    ensure!(browser.value("getComputedStyle(document.querySelector('#trace-form')).display").await? == "none");
    browser.picture("shipping-trace-printed").await?;
    browser.command("Emulation.setEmulatedMedia", json!({"media": ""})).await?;
    // Rubbish, what nobody made, and what is another's.
    make(&trial, &["P2"], "L2", "2049-12-31").await?;
    for (code, expected) in [
        ("<img src=x onerror=alert(1)>".to_owned(), "no code of a pack"),
        (pack("NONE"), "no such pack"),
        (pack("P2"), "never yours"),
    ] {
        open(&browser, "/desk/shipping/trace").await?;
        browser.keys(code.clone() + Key::Enter).await?;
        browser.wait("document.querySelector('.notice[role=alert]:not([hidden])') !== null").await?;
        ensure!(said(&browser).await?.contains(expected), "{code}: {}", said(&browser).await?);
    }
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}
