//! The regulator's whole job with cases.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use thirtyfour::components::SelectElement;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use veridose_tests::{Browser, Client, JSON_LD, Trial, commissioning, document, now, pack};

const MAKER: &str = "https://id.gs1.org/414/9506000100012";
const HARBOUR: &str = "https://id.gs1.org/414/9506000400013";
const STATION: &str = "https://id.gs1.org/414/9506000500010";
/// About 15,900 km from each other.
const VIENNA: [&str; 2] = ["48.2082", "16.3738"];
const SYDNEY: [&str; 2] = ["-33.8688", "151.2093"];
const WITHIN: Duration = Duration::from_mins(1);

fn event(minutes_ago: i64, step: &str, action: &str, place: &str, packs: &[&str]) -> anyhow::Result<Value> {
    let at = OffsetDateTime::from_unix_timestamp(now().0 / 1_000 - minutes_ago * 60)?;
    let epcs: Vec<String> =
        packs.iter().map(|serial| format!("https://id.gs1.org/01/09506000134352/21/{serial}")).collect();
    Ok(json!({
        "type": "ObjectEvent", "eventTime": at.format(&Rfc3339)?, "eventTimeZoneOffset": "+00:00",
        "epcList": epcs, "action": action, "bizStep": step, "readPoint": {"id": place},
    }))
}

async fn captured(client: &Client, events: &[Value]) -> anyhow::Result<()> {
    let job = client.capture(JSON_LD, "rollback", document(events).to_string()).await?;
    ensure!(job["success"] == true, "{job}");
    Ok(())
}

/// A member's document with what it tells of its own place.
async fn tells(client: &Client, place: &str, country: &str, [latitude, longitude]: [&str; 2]) -> anyhow::Result<()> {
    let attribute =
        |name: &str, value: &str| json!({"id": format!("urn:epcglobal:cbv:mda#{name}"), "attribute": value});
    let mut said = document(&[event(1, "inspecting", "OBSERVE", place, &["NEVER-MADE"])?]);
    said["epcisHeader"] = json!({"epcisMasterData": {"vocabularyList": [{
        "type": "urn:epcglobal:epcis:vtype:Location",
        "vocabularyElementList": [{"id": place, "attributes": [
            attribute("countryCode", country), attribute("latitude", latitude), attribute("longitude", longitude),
        ]}],
    }]}});
    let job = client.capture(JSON_LD, "proceed", said.to_string()).await?;
    ensure!(job["captured"] == 1, "{job}");
    Ok(())
}

/// One pack that is scanned in Vienna and, a moment later, in Sydney; a case is raised about it, and its name given.
async fn copied(trial: &Trial) -> anyhow::Result<String> {
    let (maker, harbour) = (trial.maker()?, trial.harbour()?);
    let station = trial.member("pharmacy", "station-pharmacy")?;
    let mut shipped = event(180, "shipping", "OBSERVE", MAKER, &["COPIED"])?;
    shipped["destinationList"] = json!([{"type": "owning_party", "destination": HARBOUR}]);
    captured(&maker, &[commissioning(&["COPIED"], Some("L1")), shipped]).await?;
    captured(&harbour, &[event(120, "receiving", "OBSERVE", HARBOUR, &["COPIED"])?]).await?;
    tells(&harbour, HARBOUR, "AT", VIENNA).await?;
    tells(&station, STATION, "AU", SYDNEY).await?;
    harbour.verify(&pack("COPIED")).await?;
    station.verify(&pack("COPIED")).await?;
    let (agency, begin) = (trial.agency()?, Instant::now());
    loop {
        for row in agency.rows("/cases").await? {
            let name = row["case"].as_str().context("a name")?;
            let told = agency.get(&format!("/cases/{name}")).await?.success()?;
            if told["about"]["items"] == json!([pack("COPIED")]) {
                return Ok(name.to_owned());
            }
        }
        ensure!(begin.elapsed() < WITHIN, "no case after a minute");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A pharmacy's own word about a pack.
async fn reported(trial: &Trial, title: &str) -> anyhow::Result<String> {
    let about = json!({"title": title, "items": [pack("COPIED")], "explanation": "The leaflet is missing."});
    let raised = trial.harbour()?.post("/cases", title, &about).await?.success()?;
    Ok(raised["case"].as_str().context("a name")?.to_owned())
}

async fn told(trial: &Trial, case: &str) -> anyhow::Result<Value> {
    trial.agency()?.get(&format!("/cases/{case}")).await?.success()
}

/// Opens a step's form on the page.
async fn open(browser: &Browser, act: &str) -> anyhow::Result<()> {
    browser.find(&format!("details.step:has(form[data-act={act}]) summary")).await?.click().await?;
    Ok(())
}

async fn choose(browser: &Browser, css: &str, value: &str) -> anyhow::Result<()> {
    Ok(SelectElement::new(&browser.find(css).await?).await?.select_by_value(value).await?)
}

/// Presses a form's button and waits for the page that says what was done.
async fn press(browser: &Browser, act: &str) -> anyhow::Result<()> {
    browser.find(&format!("form[data-act={act}] button.primary")).await?.click().await?;
    done(browser, act).await
}

async fn done(browser: &Browser, act: &str) -> anyhow::Result<()> {
    browser.wait(&format!("location.search === '?done={act}' && 'ready' in document.documentElement.dataset")).await
}

/// Has every proof of the page checked, and gives what each came to.
async fn proofs(browser: &Browser) -> anyhow::Result<Vec<String>> {
    browser.find("#check-proofs").await?.click().await?;
    browser.wait("document.querySelector('#proofs-done').textContent !== '' && !document.querySelector('#check-proofs').disabled").await?;
    let kinds = browser.value("[...document.querySelectorAll('.proof')].map((one) => one.classList[1])").await?;
    Ok(serde_json::from_value(kinds)?)
}

/// Alters what the page's next receipts say, on their way.
const FORGE: &str = r"
    const real = globalThis.fetch.bind(globalThis), how = arguments[0];
    globalThis.fetch = async (path, asked) => {
        const answer = await real(path, asked);
        if (!String(path).startsWith('/receipts/')) return answer;
        const receipt = await answer.json();
        const flip = (base64) => (base64[0] === 'A' ? 'B' : 'A') + base64.slice(1);
        const lines = receipt.proof.split('\n');
        if (how === 'path') lines[2] = flip(lines[2]);
        if (how === 'signature') {
            const last = lines.findLastIndex((line) => line.startsWith('— ')), [dash, name, signed] = lines[last].split(' ');
            lines[last] = [dash, name, signed.slice(0, 20) + flip(signed.slice(20))].join(' ');
        }
        receipt.proof = lines.join('\n');
        if (how === 'entry') receipt.entry = receipt.entry.slice(0, 40) + flip(receipt.entry.slice(40));
        if (how === 'leaf') receipt.commands[0].leaf = receipt.commands[0].leaf.slice(0, 12) + flip(receipt.commands[0].leaf.slice(12));
        return new Response(JSON.stringify(receipt), { status: 200 });
    };
    globalThis.unforge = () => { globalThis.fetch = real; };";

#[tokio::test]
async fn a_regulator_finds_a_case_reads_why_and_checks_its_proofs() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let case = copied(&trial).await?;
    reported(&trial, "Odd leaflet").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("inspector", "/desk/cases").await?;
    browser.check("cases").await?;
    browser.picture("cases-list").await?;
    // The surest first.
    let first = browser.value("document.querySelector('.ranked a').getAttribute('href')").await?;
    ensure!(first == format!("/desk/cases/{case}"), "{first}");
    ensure!(browser.value("document.querySelectorAll('.ranked > li').length").await? == 2);

    browser.find("#by-text").await?.send_keys("LEAFLET").await?;
    browser.find(".filters button").await?.click().await?;
    browser.wait("document.querySelectorAll('.ranked > li').length === 1").await?;
    ensure!(browser.value("document.querySelector('.ranked a').textContent").await? == "Odd leaflet");
    browser.find("#view-name").await?.send_keys("Leaflets").await?;
    browser.find(".named button").await?.click().await?;
    browser.wait("document.querySelector('.notice.done') !== null").await?;
    browser.go("/desk/cases?code=impossible_travel&severity=alert&mine=1").await?;
    ensure!(browser.value("document.querySelectorAll('.ranked > li').length").await? == 0, "nobody has it yet");
    browser.picture("cases-filtered").await?;
    browser.find(".views a").await?.click().await?;
    browser.wait("document.querySelectorAll('.ranked > li').length === 1").await?;
    browser.find(".views button").await?.click().await?;
    browser.wait("document.querySelector('.views li') === null").await?;
    // Rubbish in the address is told of.
    browser.go("/desk/cases?from=yesterday").await?;
    browser.check("a filter that is none").await?;
    let csv = trial.agency()?.get("/cases.csv").await?;
    ensure!(csv.status == 200);

    browser.go(&format!("/desk/cases/{case}")).await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    let why = browser.find("[data-code=impossible_travel]").await?.text().await?;
    ensure!(why.contains("too far apart") && why.contains("Harbour Pharmacy") && why.contains("km away"), "{why}");
    browser.find("svg.path .hop.odd").await?;
    browser.find("svg.map .hop.odd").await?;
    ensure!(browser.value("document.querySelector('svg.path').textContent.includes('⚠ ')").await? == true);
    browser.check("a case").await?;
    browser.picture("case").await?;

    let held = proofs(&browser).await?;
    ensure!(held.len() >= 2 && held.iter().all(|kind| kind == "good"), "{held:?}");
    browser.picture("case-proofs").await?;
    for how in ["path", "signature", "entry", "leaf"] {
        browser.driver().execute(FORGE, vec![json!(how)]).await?;
        let held = proofs(&browser).await?;
        ensure!(held.iter().all(|kind| kind == "bad"), "{how}: {held:?}");
        browser.value("(unforge(), 1)").await?;
    }
    browser.check("a forged receipt").await?;
    browser.picture("case-proofs-forged").await?;
    ensure!(browser.stayed_home().await? > 10);
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

#[tokio::test]
async fn a_regulator_takes_every_step_of_a_case_once() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let case = copied(&trial).await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("inspector", "/desk/cases").await?;
    browser.go(&format!("/desk/cases/{case}")).await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    open(&browser, "assign").await?;
    browser.find("#note-assign").await?.send_keys("For the second floor.").await?;
    press(&browser, "assign").await?;
    open(&browser, "quarantine").await?;
    press(&browser, "quarantine").await?;
    ensure!(trial.agency()?.verify(&pack("COPIED")).await?["code"] == "quarantined");
    open(&browser, "escalate").await?;
    press(&browser, "escalate").await?;
    // Closed with a double click: once.
    open(&browser, "close").await?;
    choose(&browser, "#close-outcome", "falsified").await?;
    browser.check("the form that closes").await?;
    let button = browser.find("form[data-act=close] button.primary").await?;
    browser.driver().action_chain().double_click_element(&button).perform().await?;
    done(&browser, "close").await?;
    browser.check("a closed case").await?;
    browser.picture("case-closed").await?;
    ensure!(browser.find(".clock").await?.text().await?.contains("DSCSA"));
    // Away and back: the form is gone, and nothing happens again.
    browser.go("/desk/cases?state=closed").await?;
    browser.picture("cases-closed").await?;
    browser.driver().back().await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    ensure!(browser.value("document.querySelector('form[data-act=close]') === null").await? == true);
    let shown = told(&trial, &case).await?;
    let steps: Vec<&str> =
        shown["steps"].as_array().context("steps")?.iter().filter_map(|step| step["step"].as_str()).collect();
    ensure!(steps == ["assign", "escalate", "close"], "{steps:?}");
    ensure!(shown["steps"][0]["note"] == "For the second floor." && shown["outcome"] == "falsified", "{shown}");
    ensure!(shown["quarantines"].as_array().map(Vec::len) == Some(1));

    // The form for the authority is a PDF.
    let fetched = "const done = arguments[arguments.length - 1]; \
        fetch(document.querySelector('a[href$=\"form-3911.pdf\"]').href).then((answer) => answer.text()).then((text) => done(text.slice(0, 5)));";
    let pdf = browser.driver().execute_async(fetched, Vec::new()).await?.json().clone();
    ensure!(pdf == "%PDF-", "{pdf}");
    open(&browser, "reopen").await?;
    press(&browser, "reopen").await?;
    ensure!(told(&trial, &case).await?["state"] == "investigating");
    ensure!(browser.stayed_home().await? > 10);
    ensure!(browser.complaints().await?.is_empty(), "{:?}", browser.complaints().await?);
    browser.close().await
}

#[tokio::test]
async fn a_close_that_the_session_cuts_off_goes_on_once_with_what_was_typed() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let case = reported(&trial, "Odd leaflet").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("inspector", "/desk/cases").await?;
    browser.go(&format!("/desk/cases/{case}")).await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    open(&browser, "close").await?;
    choose(&browser, "#close-outcome", "process").await?;
    let typed = "Found behind the printer. <b>&\u{1f48a}";
    let field = browser.find("#note-close").await?;
    browser.driver().execute("arguments[0].value = arguments[1]", vec![field.to_json()?, json!(typed)]).await?;
    browser.driver().delete_cookie("veridose").await?;
    browser.find("form[data-act=close] button.primary").await?.click().await?;
    browser.wait("!document.querySelector('#session').hidden").await?;
    browser.check("session over in a form").await?;
    browser.picture("case-session-over").await?;
    ensure!(told(&trial, &case).await?["state"] == "new");
    ensure!(browser.value("document.querySelector('#note-close').value").await? == typed);
    let here = browser.driver().window().await?;
    browser.find("#session a").await?.click().await?;
    let windows = browser.driver().windows().await?;
    let beside = windows.into_iter().find(|window| *window != here).context("a window opened")?;
    browser.driver().switch_to_window(beside).await?;
    browser.find("button[value=inspector]").await?.click().await?;
    browser.driver().switch_to_window(here).await?;
    done(&browser, "close").await?;
    let shown = told(&trial, &case).await?;
    ensure!(shown["steps"].as_array().map(Vec::len) == Some(1), "{shown}");
    ensure!(shown["steps"][0]["note"] == typed, "{shown}");
    // Nobody else's desk.
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.go(&format!("/desk/cases/{case}")).await?;
    browser.wait("document.body.textContent.includes('not for your role')").await?;
    browser.close().await
}

#[tokio::test]
async fn cases_are_german_dark_and_narrow_and_work_without_a_script() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let case = copied(&trial).await?;
    let browser = Browser::open(trial.server.base(), "de-AT").await?;
    browser.sign_in("inspector", "/desk/cases").await?;
    for (dark, width, name) in [(false, 1280, "light"), (true, 360, "dark-360")] {
        browser.dark(dark).await?;
        browser.size(width, 900).await?;
        browser.go("/desk/cases").await?;
        browser.check(name).await?;
        browser.picture(&format!("cases-german-{name}")).await?;
        browser.go(&format!("/desk/cases/{case}")).await?;
        browser.wait("'ready' in document.documentElement.dataset").await?;
        browser.check(name).await?;
        browser.picture(&format!("case-german-{name}")).await?;
    }
    let why = browser.find("[data-code=impossible_travel]").await?.text().await?;
    ensure!(why.contains("zu weit auseinander"), "{why}");
    // Without a script a step is a form.
    browser.command("Emulation.setScriptExecutionDisabled", json!({"value": true})).await?;
    browser.go(&format!("/desk/cases/{case}")).await?;
    open(&browser, "assign").await?;
    browser.find("#note-assign").await?.send_keys("Für oben.").await?;
    browser.find("form[data-act=assign] button.primary").await?.click().await?;
    browser.command("Emulation.setScriptExecutionDisabled", json!({"value": false})).await?;
    browser.wait("document.querySelector('#done') !== null").await?;
    let shown = told(&trial, &case).await?;
    ensure!(shown["state"] == "investigating" && shown["steps"][0]["note"] == "Für oben.", "{shown}");
    browser.close().await
}

#[tokio::test]
async fn alerts_are_counted_and_many_cases_have_pages() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    for number in 0..26 {
        reported(&trial, &format!("Odd leaflet {number}")).await?;
    }
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("inspector", "/desk/cases").await?;
    let titles = "[...document.querySelectorAll('.ranked a')].map((link) => link.textContent)";
    let first = browser.value(titles).await?;
    ensure!(first.as_array().map(Vec::len) == Some(25) && first[0] == "Odd leaflet 25", "the latest first: {first}");
    browser.check("a page of cases").await?;
    browser.find("a[rel=next]").await?.click().await?;
    browser.wait(&format!("JSON.stringify({titles}) === '[\"Odd leaflet 0\"]'")).await?;
    for rubbish in ["page=999", "page=-1", "page=x&item=9", "text=%3Cscript%3E", "product=%F0%9F%92%8A"] {
        browser.go(&format!("/desk/cases?{rubbish}")).await?;
        browser.wait("document.querySelector('#found') !== null").await?;
    }
    for (rubbish, said) in [("state=gone", "422"), ("party=%20%00", "422"), ("to=2026-13-01", "422")] {
        let path = format!("/desk/cases?{rubbish}");
        let status = "const done = arguments[arguments.length - 1]; fetch(arguments[0]).then((answer) => done(String(answer.status)));";
        let status = browser.driver().execute_async(status, vec![json!(path)]).await?.json().clone();
        ensure!(status == said, "{rubbish}: {status}");
    }
    // A list under the same name takes the place of the one before; a name is needed.
    for _ in 0..2 {
        browser.go("/desk/cases?text=leaflet").await?;
        browser.find("#view-name").await?.send_keys("<b>Mine</b>").await?;
        browser.find(".named button").await?.click().await?;
        browser.wait("document.querySelector('.notice.done') !== null").await?;
    }
    ensure!(
        browser.value("[...document.querySelectorAll('.views a')].map((view) => view.textContent)").await?
            == json!(["<b>Mine</b>"])
    );

    browser.find(".tabs a[href$=statistics]").await?.click().await?;
    browser.wait("document.querySelector('svg.columns .fill') !== null").await?;
    ensure!(browser.value("document.querySelector('.tile strong').textContent").await? == "26");
    browser.check("statistics").await?;
    browser.picture("cases-statistics").await?;
    browser.size(360, 900).await?;
    browser.dark(true).await?;
    browser.check("statistics, narrow").await?;
    browser.picture("cases-statistics-360").await?;
    browser.go("/desk/cases/statistics?from=2020-01-01&to=2026-01-01").await?;
    browser.check("too many days").await?;
    browser.close().await
}
