//! The shipping clerk's whole job: files in, goods out and in.

use std::io::Write as _;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tempfile::NamedTempFile;
use thirtyfour::Key;
use veridose_tests::{Browser, Trial, commissioning, document, pack};

use super::ground::make;

const CASE: &str = "(00)095060000000000015";
const START: &str = "/desk/shipping";

/// A table of the maker's: two packs are made, packed and shipped to North Wholesale.
fn table(serials: &[&str], case: &str, expiry: &str) -> String {
    let header = "event,time,item,container,lot,expiry,partner,place\r\n".to_owned();
    let make =
        |serial: &&str| format!("commission,2026-01-05T08:00:00Z,{},,T1,{expiry},,9506000100012\r\n", pack(serial));
    let put = |serial: &&str| format!("pack,2026-01-05T08:10:00Z,{},{case},,,,9506000100012\r\n", pack(serial));
    let ship = format!("ship,2026-01-05T09:00:00Z,{case},,,,9506000200019,9506000100012\r\n");
    let rows = serials.iter().map(make).chain(serials.iter().map(put));
    std::iter::once(header).chain(rows).chain([ship]).collect()
}

/// Chooses a file and hands it in; the page is then the one of its job, which has ended.
async fn hand_in(browser: &Browser, name: &str, content: &[u8]) -> anyhow::Result<()> {
    let mut file = NamedTempFile::with_suffix(name)?;
    file.write_all(content)?;
    browser.go("/desk/shipping/files").await?;
    ready(browser).await?;
    browser.find("#file").await?.send_keys(file.path().display().to_string()).await?;
    browser.find("#file-form button.primary").await?.click().await?;
    browser.wait("document.querySelector('#job:not([data-running])') !== null").await
}

async fn ready(browser: &Browser) -> anyhow::Result<()> {
    browser.wait("'ready' in document.documentElement.dataset").await
}

/// Scans into the page's field and waits until its list has so many rows.
async fn scan(browser: &Browser, text: &str, rows: usize) -> anyhow::Result<()> {
    browser.find("#scan").await?.send_keys(format!("{text}\u{e007}")).await?;
    browser.wait(&format!("document.querySelectorAll('#items li[data-item]').length === {rows}")).await
}

async fn said(browser: &Browser) -> anyhow::Result<String> {
    Ok(browser.find("main").await?.text().await?)
}

/// Waits for the page of a handoff, and gives its path.
async fn handoff(browser: &Browser) -> anyhow::Result<String> {
    browser
        .wait("/handoffs\\/[0-9a-f]{32}$/.test(location.pathname) && 'ready' in document.documentElement.dataset")
        .await?;
    Ok(browser.value("location.pathname").await?.as_str().context("a path")?.to_owned())
}

#[tokio::test]
async fn a_clerk_hands_in_files_and_reads_what_came_of_them() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("shipping-clerk", START).await?;
    browser.check("shipping, empty").await?;
    browser.picture("shipping-start-empty").await?;

    // Rubbish: a picture, and no table at all.
    hand_in(&browser, ".png", b"\x89PNG\r\n\x1a\n\xff\xfe\x00").await?;
    ensure!(said(&browser).await?.contains("Nothing of it is on the ledger"), "{}", said(&browser).await?);
    browser.check("a file of rubbish").await?;
    browser.picture("shipping-file-rubbish").await?;
    hand_in(&browser, ".csv", b"name,colour\nx,y\n").await?;
    ensure!(said(&browser).await?.contains("No column has this name"), "{}", said(&browser).await?);

    // A table with two bad cells: each is named by line and column, with its remedy; nothing is kept.
    let bad = table(&["T1", "T2"], CASE, "29.02.2028");
    hand_in(&browser, ".csv", bad.as_bytes()).await?;
    let text = said(&browser).await?;
    for expected in ["line 2, column expiry", "line 3, column expiry", "This is no date. Write it as 2028-02-29."] {
        ensure!(text.contains(expected), "{expected}: {text}");
    }
    browser.check("a bad table").await?;
    browser.picture("shipping-file-bad").await?;

    // The same put right, and once more: the second time nothing happens twice.
    let good = table(&["T1", "T2"], CASE, "2028-02-29");
    hand_in(&browser, ".csv", good.as_bytes()).await?;
    ensure!(said(&browser).await?.contains("Everything is on the ledger"), "{}", said(&browser).await?);
    browser.check("a sound table").await?;
    browser.picture("shipping-file-good").await?;
    hand_in(&browser, ".csv", good.as_bytes()).await?;
    let text = said(&browser).await?;
    ensure!(text.contains("line 2") && text.contains("It exists already"), "{text}");
    ensure!(trial.maker()?.rows("/handoffs").await?.len() == 1);

    // EPCIS by a drop; of two events the sound one is kept.
    let events = document(&[commissioning(&["E1"], None), commissioning(&["E2"], Some("T2"))]).to_string();
    browser.go("/desk/shipping/files").await?;
    ready(&browser).await?;
    let drop = "const data = new DataTransfer(); data.items.add(new File([arguments[0]], 'events.json')); \
                document.querySelector('.drop').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));";
    browser.driver().execute(drop, vec![json!(events)]).await?;
    browser.find("input[value=proceed]").await?.click().await?;
    let button = browser.find("#file-form button.primary").await?;
    browser.driver().action_chain().double_click_element(&button).perform().await?;
    browser.wait("document.querySelector('#job:not([data-running])') !== null").await?;
    let text = said(&browser).await?;
    ensure!(text.contains("On the ledger in part") && text.contains("Packs begin without a lot"), "{text}");
    ensure!(trial.maker()?.rows("/capture").await?.len() == 6, "a double click is one job");
    browser.go("/desk/shipping/files").await?;
    browser.check("files").await?;
    browser.picture("shipping-files").await?;
    browser.go(START).await?;
    browser.check("shipping").await?;
    browser.picture("shipping-start").await?;
    measure(&browser).await?;
    ensure!(browser.stayed_home().await? > 10);
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

/// No page is over 200 kB or 300 ms.
async fn measure(browser: &Browser) -> anyhow::Result<()> {
    for path in ["", "/handoffs", "/offer", "/make", "/pack", "/files", "/recalls", "/trace"] {
        browser.go(&format!("{START}{path}")).await?;
        ready(browser).await?;
        let page = "performance.getEntriesByType('navigation')[0]";
        let first = browser.value(&format!("{page}.responseStart - {page}.requestStart")).await?;
        let sum = "(sum, one) => sum + one.decodedBodySize";
        let weight = format!("performance.getEntriesByType('resource').reduce({sum}, {page}.decodedBodySize)");
        let weight = browser.value(&weight).await?;
        ensure!(weight.as_u64().is_some_and(|bytes| bytes > 10_000 && bytes <= 200_000), "{path}: {weight} bytes");
        ensure!(first.as_f64().is_some_and(|first| first <= 300.0), "{path}: first byte after {first} ms");
        #[allow(clippy::print_stdout)]
        {
            println!("measured: shipping{path}: {weight} bytes unpacked, first byte after {first} ms");
        }
    }
    Ok(())
}

#[tokio::test]
async fn goods_go_out_once_and_arrive_with_what_is_missing_and_extra() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    make(&trial, &["A1", "A2", "A3", "A4", "X1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("shipping-clerk", START).await?;
    browser.go("/desk/shipping/offer").await?;
    ready(&browser).await?;
    for (at, serial) in ["A1", "A2", "A3"].iter().enumerate() {
        scan(&browser, &pack(serial), at + 1).await?;
    }
    // What cannot be read, what is there twice and what nobody made are told.
    for (rubbish, rows, expected) in [
        ("§$%&", 3, "no code"),
        ("<script>alert(1)</script>", 3, "no code"),
        ("(01)09506000134352", 3, "single pack"),
        ("(01)09506000134352(21)A1", 3, "in the list already"),
        ("(01)09506000134352(21)NONE", 4, "No such pack"),
    ] {
        scan(&browser, rubbish, rows).await?;
        browser
            .wait(&format!("document.querySelector('#done').textContent.includes('{expected}')"))
            .await
            .context(rubbish)?;
    }
    // The form has it all after a reload, and refuses what the ledger does.
    browser.find("#to option[value=north-wholesale]").await?.click().await?;
    browser.driver().refresh().await?;
    ready(&browser).await?;
    ensure!(browser.value("document.querySelectorAll('#items li').length").await? == 4);
    ensure!(browser.value("document.querySelector('#to').value").await? == "north-wholesale");
    browser.check("an offer").await?;
    browser.picture("shipping-offer").await?;
    browser.find("#offer button.primary").await?.click().await?;
    browser.wait("document.querySelector('#done').classList.contains('bad')").await?;
    ensure!(trial.maker()?.rows("/handoffs").await?.is_empty());
    browser.find("#items li:first-child button").await?.click().await?;
    // Sent with a double click: once. Back is not to the form that was sent.
    let send = browser.find("#offer button.primary").await?;
    browser.driver().action_chain().double_click_element(&send).perform().await?;
    let path = handoff(&browser).await?;
    browser.check("an outgoing handoff").await?;
    browser.picture("shipping-outgoing").await?;
    ensure!(trial.maker()?.rows("/handoffs").await?.len() == 1);
    browser.driver().back().await?;
    ready(&browser).await?;
    ensure!(!browser.value("location.pathname").await?.as_str().is_some_and(|path| path.ends_with("/offer")));

    arrives(&trial, &browser).await?;
    is_refused_or_taken_back(&trial, &browser).await?;
    // Another's handoff is nobody else's to see.
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.go(&path).await?;
    ensure!(said(&browser).await?.contains("not yours to see"));
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

/// The receiver finds two, one of them wet, and one that was never offered.
async fn arrives(trial: &Trial, browser: &Browser) -> anyhow::Result<()> {
    browser.sign_in("wholesaler", START).await?;
    browser.picture("shipping-arrivals").await?;
    browser.find("ul.rows a").await?.click().await?;
    handoff(browser).await?;
    let ticked = |count: usize| format!("document.querySelectorAll('#items li.seen').length === {count}");
    for (at, serial) in ["A1", "A2"].iter().enumerate() {
        browser.find("#scan").await?.send_keys(format!("{}\u{e007}", pack(serial))).await?;
        browser.wait(&ticked(at + 1)).await?;
    }
    browser.find("#scan").await?.send_keys(format!("{}\u{e007}", pack("X1"))).await?;
    browser.wait("document.querySelectorAll('#extra li').length === 1").await?;
    browser.find("button[data-act=unseen]").await?.click().await?;
    let damaged = "(() => { const row = [...document.querySelectorAll('#items li')].find((row) => row.dataset.item.endsWith('A2')); \
                   row.querySelector('select').value = 'damaged'; return true; })()";
    browser.value(damaged).await?;
    browser.check("an arrival").await?;
    browser.picture("shipping-arrival").await?;
    browser.find("#answer button.primary").await?.click().await?;
    browser.wait("document.querySelector('#done').classList.contains('good')").await?;
    let text = said(browser).await?;
    for expected in ["Accepted in part", "Missing", "Damaged", "Extra, never offered"] {
        ensure!(text.contains(expected), "{expected}: {text}");
    }
    browser.check("an answered handoff").await?;
    browser.picture("shipping-answered").await?;
    let row = trial.north()?.rows("/handoffs").await?.pop().context("a handoff")?;
    ensure!(row["state"] == "accepted_in_part" && row["discrepancies"] == 3, "{row}");
    ensure!(trial.maker()?.rows("/handoffs").await?.len() == 1);
    Ok(())
}

/// Refused whole, and taken back.
async fn is_refused_or_taken_back(trial: &Trial, browser: &Browser) -> anyhow::Result<()> {
    for (person, button, state) in [("wholesaler", "ask-reject", "rejected"), ("shipping-clerk", "", "withdrawn")] {
        let body = json!({"to": "north-wholesale", "items": [pack("A4")]});
        let offered = trial.maker()?.post("/handoffs", state, &body).await?.success()?;
        browser.sign_in(person, START).await?;
        browser.go(&format!("/desk/shipping/handoffs/{}", offered["offer"].as_str().context("an offer")?)).await?;
        handoff(browser).await?;
        if button.is_empty() {
            browser.find("form[data-send=plain] button").await?.click().await?;
        } else {
            browser.find(&format!("[data-ask={button}]")).await?.click().await?;
            browser.check("refuse").await?;
            browser.find("dialog[open] button.primary").await?.click().await?;
        }
        browser.wait("document.querySelector('#done').classList.contains('good')").await?;
        let rows = trial.maker()?.rows("/handoffs").await?;
        ensure!(rows[0]["state"] == state, "{}", rows[0]);
    }
    browser.go("/desk/shipping/handoffs?side=outgoing").await?;
    browser.check("handoffs").await?;
    browser.picture("shipping-handoffs").await?;
    Ok(())
}

#[tokio::test]
async fn a_clerk_ships_with_the_keyboard_alone() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    make(&trial, &["K1", "K2"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.go("/signin").await?;
    press_until(&browser, "document.activeElement?.value === 'shipping-clerk'").await?;
    browser.keys(Key::Enter).await?;
    browser.wait(&format!("location.pathname === '{START}' && 'ready' in document.documentElement.dataset")).await?;
    press_until(&browser, "document.activeElement?.getAttribute('href') === '/desk/shipping/offer'").await?;
    browser.keys(Key::Enter).await?;
    browser.wait("location.pathname === '/desk/shipping/offer' && 'ready' in document.documentElement.dataset").await?;
    ensure!(browser.value("document.activeElement.id").await? == "scan");
    for (at, serial) in ["K1", "K2"].iter().enumerate() {
        browser.keys(pack(serial) + Key::Enter).await?;
        browser.wait(&format!("document.querySelectorAll('#items li').length === {}", at + 1)).await?;
        ensure!(browser.value("document.activeElement.id").await? == "scan");
    }
    press_until(&browser, "document.activeElement?.id === 'to'").await?;
    browser.keys("North").await?;
    press_until(&browser, "document.activeElement?.classList.contains('primary')").await?;
    browser.keys(Key::Enter).await?;
    handoff(&browser).await?;
    let row = trial.maker()?.rows("/handoffs").await?.pop().context("a handoff")?;
    ensure!(row["to"] == "north-wholesale" && row["items"] == 2, "{row}");
    browser.close().await
}

/// Goes on with the tabulator until something is so.
async fn press_until(browser: &Browser, expression: &str) -> anyhow::Result<()> {
    for _ in 0..60 {
        if browser.value(expression).await? == true {
            return Ok(());
        }
        browser.keys(Key::Tab).await?;
    }
    anyhow::bail!("never reached with the keyboard: {expression}")
}

#[tokio::test]
async fn what_was_scanned_outlives_the_session() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    make(&trial, &["S1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "de").await?;
    browser.sign_in("shipping-clerk", START).await?;
    browser.check("Versand").await?;
    browser.go("/desk/shipping/offer").await?;
    ready(&browser).await?;
    scan(&browser, &pack("S1"), 1).await?;
    browser.find("#to option[value=north-wholesale]").await?.click().await?;
    browser.driver().delete_cookie("veridose").await?;
    browser.find("#offer button.primary").await?.click().await?;
    browser.wait("!document.querySelector('#session').hidden").await?;
    ensure!(said(&browser).await?.contains("Ihre Sitzung ist zu Ende"), "{}", said(&browser).await?);
    browser.check("Sitzung zu Ende").await?;
    browser.picture("shipping-session-over").await?;
    ensure!(trial.maker()?.rows("/handoffs").await?.is_empty());
    // Signed in anew beside the page: what was to be sent is sent, once.
    let here = browser.driver().window().await?;
    browser.find("#session a").await?.click().await?;
    let windows = browser.driver().windows().await?;
    let beside = windows.into_iter().find(|window| *window != here).context("a window opened")?;
    browser.driver().switch_to_window(beside).await?;
    browser.find("button[value=shipping-clerk]").await?.click().await?;
    browser.driver().switch_to_window(here).await?;
    handoff(&browser).await?;
    ensure!(said(&browser).await?.contains("Wartet auf Antwort"));
    ensure!(trial.maker()?.rows("/handoffs").await?.len() == 1);
    for (dark, width, name) in [(true, 1280, "dark"), (false, 360, "360")] {
        browser.dark(dark).await?;
        browser.size(width, 900).await?;
        for (path, page) in [(START, "start"), ("/desk/shipping/offer", "offer"), ("/desk/shipping/files", "files")] {
            browser.go(path).await?;
            ready(&browser).await?;
            browser.check(&format!("{page}, {name}")).await?;
            browser.picture(&format!("shipping-{page}-{name}")).await?;
        }
    }
    // A file's errors in the clerk's language.
    hand_in(&browser, ".csv", table(&["S2"], CASE, "bald").as_bytes()).await?;
    let text = said(&browser).await?;
    ensure!(text.contains("Zeile 2, Spalte expiry") && text.contains("Das ist kein Datum."), "{text}");
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}
