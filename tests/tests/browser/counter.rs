//! The pharmacist's whole job.

use anyhow::{Context as _, ensure};
use serde_json::json;
use thirtyfour::Key;
use veridose_tests::{Browser, Trial, pack};

use super::ground::{code, history, make, recorded, scan, sign, standing, stock, verdict};

const FRESH: &str = "491231";

#[tokio::test]
async fn a_pharmacist_scans_and_reports() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A1"], "L1", "2049-12-31").await?;
    make(&trial, &["E1"], "OLD", "2026-01-31").await?;
    stock(&trial, &["R1"], "BAD", "2049-12-31").await?;
    let recall = json!({"lot": {"gtin": "09506000134352", "lot": "BAD"}, "class": 1, "reason": "particles"});
    trial.agency()?.post("/recalls", "r", &recall).await?.success()?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.go("/").await?;
    browser.check("sign-in").await?;
    browser.picture("sign-in").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.check("counter, empty").await?;
    browser.picture("counter-empty").await?;

    // What can come of a scan, each with its sign.
    for (serial, lot, day, expected, said) in [
        ("A1", "L1", FRESH, "may_be_dispensed", "May be dispensed"),
        ("E1", "OLD", "260131", "expired", "Do not dispense"),
        ("R1", "BAD", FRESH, "recalled", "Do not dispense"),
        ("NONE", "L1", FRESH, "unknown_serial", "Do not dispense"),
        ("A1", "WRONG", FRESH, "lot_mismatch", "Do not dispense"),
    ] {
        ensure!(scan(&browser, &code(serial, lot, day)).await? == expected, "{serial}");
        ensure!(sign(&browser).await? == said, "{serial}");
        browser.check(expected).await?;
        browser.picture(&format!("counter-{expected}")).await?;
    }
    // An alert becomes a case.
    browser.find("[data-act=report]").await?.click().await?;
    browser.picture("counter-report").await?;
    browser.check("report").await?;
    browser.keys("Looks reprinted.").await?;
    browser.find("#ask-report button.primary").await?.click().await?;
    recorded(&browser).await?;
    let cases = trial.agency()?.rows("/cases").await?;
    let case = cases.iter().find(|case| case["party"] == "harbour-pharmacy").context("a case")?;
    let path = format!("/cases/{}", case["case"].as_str().context("a case has a name")?);
    let told = trial.agency()?.get(&path).await?.success()?;
    ensure!(told.to_string().contains("Looks reprinted"), "{told}");

    // A bad scan says nothing of the pack; what was perhaps meant is taken only when somebody takes it.
    ensure!(scan(&browser, "(01)09506000134351(21)A1").await? == "wrong_check_digit");
    ensure!(sign(&browser).await? == "Check first");
    browser.check("a bad scan").await?;
    browser.picture("counter-bad-scan").await?;
    browser.value("document.querySelector('#verdict article').dataset.old = ''").await?;
    browser.find("[data-meant]").await?.click().await?;
    ensure!(verdict(&browser).await? == "may_be_dispensed");
    for rubbish in ["rubbish", "<script>alert(1)</script>", "💊💊💊", "(01)", "]d2"] {
        let field = browser.find("#scan").await?;
        browser.value("document.querySelector('#verdict article').dataset.old = ''").await?;
        browser.driver().execute("arguments[0].value = arguments[1]", vec![field.to_json()?, json!(rubbish)]).await?;
        field.send_keys(Key::Enter).await?;
        verdict(&browser).await?;
        ensure!(sign(&browser).await? == "Check first", "{rubbish}");
    }

    ensure!(browser.stayed_home().await? > 10);
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

#[tokio::test]
async fn a_pharmacist_supplies_once_and_undoes() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    // Supplied with a double click: once.
    ensure!(scan(&browser, &code("A1", "L1", FRESH)).await? == "may_be_dispensed");
    let button = browser.find("[data-act=supply]").await?;
    browser.driver().action_chain().double_click_element(&button).perform().await?;
    recorded(&browser).await?;
    ensure!(history(&trial, "A1").await?.iter().filter(|kind| *kind == "decommission").count() == 1);
    browser.wait("document.querySelector('#today-list code')?.textContent === 'A1'").await?;
    browser.check("after a supply").await?;
    browser.picture("counter-supplied").await?;
    // Away and back, and the pack once more: nothing happens again.
    browser.go("/signin").await?;
    browser.driver().back().await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    ensure!(scan(&browser, &code("A1", "L1", FRESH)).await? == "already_dispensed");
    browser.picture("counter-already-dispensed").await?;
    ensure!(history(&trial, "A1").await?.iter().filter(|kind| *kind == "decommission").count() == 1);
    // Undone, with the declaration that the law asks for.
    browser.find("[data-act=undo]").await?.click().await?;
    browser.check("undo").await?;
    browser.picture("counter-undo").await?;
    browser.find("#ask-undo input[type=checkbox]").await?.click().await?;
    browser.find("#ask-undo button.primary").await?.click().await?;
    recorded(&browser).await?;
    ensure!(standing(&trial, "A1").await?["code"] == "may_be_dispensed");

    browser.stayed_home().await?;
    browser.close().await
}

#[tokio::test]
async fn a_pharmacist_dispenses_with_consent_and_sends_back() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["A2", "A3", "A4"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    // With the patient's consent; one that was taken back is refused in words.
    let wish = json!({"patient": "patient-7", "purpose": "dispense_record", "grantee": "harbour-pharmacy"});
    let consent = trial.harbour()?.post("/consents", "c", &wish).await?.success()?;
    ensure!(scan(&browser, &code("A2", "L1", FRESH)).await? == "may_be_dispensed");
    dispense(&browser, "patient-7").await?;
    browser.check("consent").await?;
    browser.picture("counter-consent").await?;
    browser.find("#ask-dispense button.primary").await?.click().await?;
    recorded(&browser).await?;
    ensure!(history(&trial, "A2").await?.contains(&"dispense".to_owned()));
    ensure!(scan(&browser, &code("A3", "L1", FRESH)).await? == "may_be_dispensed");
    dispense(&browser, "patient-7").await?;
    let id = consent["consent"].as_str().context("a consent has a name")?;
    trial.harbour()?.post(&format!("/consents/{id}/revoke"), "v", &json!({"version": 1})).await?.success()?;
    browser.find("#ask-dispense button.primary").await?.click().await?;
    browser.wait("document.querySelector('#done').textContent.includes('taken this consent back')").await?;
    browser.picture("counter-refused").await?;
    ensure!(standing(&trial, "A3").await?["code"] == "may_be_dispensed");
    // What is left: damaged, and back to the wholesaler.
    browser.find("[data-act=remove]").await?.click().await?;
    browser.find("#ask-remove button.primary").await?.click().await?;
    recorded(&browser).await?;
    ensure!(standing(&trial, "A3").await?["status"] == "destroyed");
    ensure!(scan(&browser, &code("A4", "L1", FRESH)).await? == "may_be_dispensed");
    browser.find("[data-act=return]").await?.click().await?;
    browser.find("#to option[value=north-wholesale]").await?.click().await?;
    browser.find("#ask-return button.primary").await?.click().await?;
    recorded(&browser).await?;
    ensure!(trial.north()?.rows("/handoffs").await?.len() == 1);

    browser.stayed_home().await?;
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

/// Opens the dialog and fills it in.
async fn dispense(browser: &Browser, patient: &str) -> anyhow::Result<()> {
    browser.find("[data-act=dispense]").await?.click().await?;
    browser.find("#patient").await?.send_keys(format!("{patient}\u{e007}")).await?;
    browser.wait("document.querySelector('#consents input[type=radio]') !== null").await?;
    Ok(browser.find("#prescription").await?.send_keys("RX-1").await?)
}

#[tokio::test]
async fn a_pharmacist_works_with_the_keyboard_alone() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["K1", "K2"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.go("/signin").await?;
    for _ in 0..20 {
        if browser.value("document.activeElement?.value === 'pharmacist'").await? == true {
            break;
        }
        browser.keys(Key::Tab).await?;
    }
    browser.keys(Key::Enter).await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    // The scanner types; FNC1 comes as Ctrl and a closing bracket.
    browser.value("document.querySelector('#verdict article').dataset.old = ''").await?;
    browser.keys("]d20109506000134352").await?;
    browser.keys("10L1").await?;
    browser.driver().action_chain().key_down(Key::Control).send_keys("]").key_up(Key::Control).perform().await?;
    browser.keys("21K1" + Key::Enter).await?;
    ensure!(verdict(&browser).await? == "may_be_dispensed");
    browser.keys(Key::F2).await?;
    recorded(&browser).await?;
    ensure!(history(&trial, "K1").await?.contains(&"decommission".to_owned()));
    ensure!(browser.value("document.activeElement.id").await? == "scan");
    ensure!(scan(&browser, &code("K1", "L1", FRESH)).await? == "already_dispensed");
    browser.keys(Key::F9).await?;
    browser.wait("document.activeElement.name === 'not_supplied'").await?;
    browser.keys(" ").await?;
    browser.keys(Key::Enter).await?;
    recorded(&browser).await?;
    ensure!(standing(&trial, "K1").await?["code"] == "may_be_dispensed");
    // Damaged, with the second row of keys; away with Escape first.
    ensure!(scan(&browser, &code("K2", "L1", FRESH)).await? == "may_be_dispensed");
    browser.with_shift('\u{e032}').await?;
    browser.wait("document.querySelector('#ask-remove').open").await?;
    browser.keys(Key::Escape).await?;
    browser.wait("document.activeElement.id === 'scan'").await?;
    ensure!(standing(&trial, "K2").await?["status"] == "active");
    browser.with_shift('\u{e032}').await?;
    browser.wait("document.querySelector('#ask-remove').open").await?;
    for _ in 0..5 {
        if browser.value("document.activeElement.classList.contains('primary')").await? == true {
            break;
        }
        browser.keys(Key::Tab).await?;
    }
    browser.keys(Key::Enter).await?;
    recorded(&browser).await?;
    ensure!(standing(&trial, "K2").await?["status"] == "destroyed");
    browser.close().await
}

#[tokio::test]
async fn the_counter_is_german_dark_and_narrow_where_it_is_asked_to_be() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["G1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "de-AT").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    for (dark, width, name) in
        [(false, 1280, "light"), (true, 1280, "dark"), (true, 360, "dark-360"), (false, 360, "360")]
    {
        browser.dark(dark).await?;
        browser.size(width, 900).await?;
        ensure!(scan(&browser, &code("G1", "L1", FRESH)).await? == "may_be_dispensed");
        ensure!(sign(&browser).await? == "Darf abgegeben werden");
        browser.check(name).await?;
        browser.picture(&format!("german-{name}")).await?;
        ensure!(scan(&browser, &code("X9", "L1", FRESH)).await? == "unknown_serial");
        ensure!(sign(&browser).await? == "Nicht abgeben");
        browser.check(name).await?;
        browser.picture(&format!("german-{name}-stop")).await?;
    }
    // The language that somebody chooses stays.
    browser.find("button[value=en]").await?.click().await?;
    browser.wait("document.documentElement.lang === 'en' && 'ready' in document.documentElement.dataset").await?;
    browser.go("/desk/counter").await?;
    ensure!(browser.value("document.documentElement.lang").await? == "en");
    browser.go("/desk/nothing").await?;
    browser.check("no such page").await?;
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

/// Scans by the page's own form, each as soon as the field is free, and gives the milliseconds until the verdict.
const TIMES: &str = r"
    const [code, done] = arguments;
    const field = document.querySelector('#scan'), place = document.querySelector('#verdict'), times = [];
    const once = () => {
        if (times.length === 40) return done(times);
        const began = performance.now();
        new MutationObserver((_, observer) => {
            observer.disconnect();
            times.push(performance.now() - began);
            setTimeout(once, 0);
        }).observe(place, { childList: true });
        field.value = code;
        field.form.requestSubmit();
    };
    once();";

#[tokio::test]
async fn a_verdict_comes_at_once_and_fifty_scans_in_a_second_are_all_answered() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    stock(&trial, &["T1"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    let page = "performance.getEntriesByType('navigation')[0]";
    let first = browser.value(&format!("{page}.responseStart - {page}.requestStart")).await?;
    let weight = format!(
        "performance.getEntriesByType('resource').reduce((sum, one) => sum + one.decodedBodySize, {page}.decodedBodySize)"
    );
    let weight = browser.value(&weight).await?;
    ensure!(weight.as_u64().is_some_and(|bytes| bytes > 10_000 && bytes <= 200_000), "the page weighs {weight} bytes");
    ensure!(first.as_f64().is_some_and(|first| first <= 300.0), "the page's first byte came after {first} ms");
    let found = browser.driver().execute_async(TIMES, vec![json!(pack("T1"))]).await?;
    let mut times: Vec<f64> =
        found.json().as_array().context("times")?.iter().filter_map(serde_json::Value::as_f64).collect();
    times.sort_by(f64::total_cmp);
    let (median, most) = (times[times.len() / 2], times[times.len() * 19 / 20]);
    #[allow(clippy::print_stdout)]
    {
        println!(
            "measured: counter: {weight} bytes unpacked, first byte after {first:.0} ms; from scan to verdict {median:.0} ms, \
             95th percentile {most:.0} ms"
        );
    }
    ensure!(median < 100.0, "from scan to verdict {median} ms");
    // Fifty codes pasted at once, as a scanner with a memory sends them: each is answered, in its order.
    let codes: Vec<String> = (0..50).map(|number| code(&format!("B{number:02}"), "L1", FRESH)).collect();
    let paste = "const data = new DataTransfer(); data.setData('text', arguments[0]); \
                 document.querySelector('#scan').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, cancelable: true}));";
    browser.driver().execute(paste, vec![json!(codes.join("\r\n"))]).await?;
    browser.wait("document.querySelector('#last code')?.textContent === 'B49'").await?;
    let last = browser.value("[...document.querySelectorAll('#last code')].map((code) => code.textContent)").await?;
    let expected: Vec<String> = (30..50).rev().map(|number| format!("B{number:02}")).collect();
    ensure!(last == json!(expected), "{last}");
    browser.close().await
}

/// Writes down each verdict that is shown, and when each key came.
const WATCH: &str = r"
    window.seen = [];
    window.keysAt = [];
    addEventListener('keydown', (event) => window.keysAt.push(event.timeStamp), true);
    new MutationObserver(() => {
        const { code, short } = document.querySelector('#verdict article').dataset;
        window.seen.push([code, short ?? '']);
    }).observe(document.querySelector('#verdict'), { childList: true });";

#[tokio::test]
async fn a_scanner_types_fifty_codes_a_second_for_seconds() -> anyhow::Result<()> {
    const SCANS: usize = 300;
    let trial = Trial::start().await?;
    stock(&trial, &["W1", "W2"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.driver().execute(WATCH, Vec::new()).await?;
    // What differs from scan to scan, so that a verdict that is lost, doubled or another's shows.
    let kinds = |number: usize| match number % 4 {
        0 => ("010950600013435221W1".to_owned(), "may_be_dispensed", "W1".to_owned()),
        1 => (format!("010950600013435221N{number}"), "unknown_serial", format!("N{number}")),
        2 => ("010950600013435221W2".to_owned(), "may_be_dispensed", "W2".to_owned()),
        _ => (format!("010950600013435121N{number}"), "wrong_check_digit", String::new()),
    };
    let typed: String = (0..SCANS).map(|number| kinds(number).0 + "\u{e007}").collect();
    browser.find("#scan").await?.send_keys(typed).await?;
    browser.wait(&format!("window.seen.length >= {SCANS}")).await?;
    let seen = browser.value("window.seen").await?;
    let expected: Vec<_> = (0..SCANS).map(kinds).map(|(_, code, short)| json!([code, short])).collect();
    for (number, (seen, expected)) in seen.as_array().context("verdicts")?.iter().zip(&expected).enumerate() {
        ensure!(seen == expected, "scan {number}: {seen} in place of {expected}");
    }
    let keys = browser.value("[window.keysAt.length, window.keysAt.at(-1) - window.keysAt[0]]").await?;
    let (count, span_ms) = (keys[0].as_f64().context("keys")?, keys[1].as_f64().context("a span")?);
    #[allow(clippy::cast_precision_loss)]
    let rate = SCANS as f64 / span_ms * 1000.0;
    #[allow(clippy::print_stdout)]
    {
        println!("measured: scanner: {rate:.0} codes a second for {:.1} s, {count} keys", span_ms / 1000.0);
    }
    ensure!(rate >= 50.0, "the keys came at {rate} codes a second");
    // None besides, and nothing left in the field.
    ensure!(browser.value("window.seen.length").await? == SCANS);
    ensure!(browser.value("document.querySelector('#scan').value").await? == "");
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}
