//! The patient's whole job, on a phone.

use anyhow::{Context as _, ensure};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use thirtyfour::Key;
use veridose_tests::{Browser, Client, Trial, pack, send};

use super::ground::stock;

/// The patient that one is on the trial network.
const NAME: &str = "demo-patient-1";

/// A phone at the portal. Passkeys are for names, so the node is called `localhost`.
async fn phone(trial: &Trial, language: &str) -> anyhow::Result<Browser> {
    let browser = Browser::open(&trial.server.base().replace("127.0.0.1", "localhost"), language).await?;
    browser.size(360, 740).await?;
    browser.sign_in("patient", "/desk/me").await?;
    Ok(browser)
}

/// Gives the phone an authenticator, which its owner unlocks whenever it is asked for.
async fn unlock(browser: &Browser) -> anyhow::Result<()> {
    browser.command("WebAuthn.enable", json!({})).await?;
    let options = json!({
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
        "isUserVerified": true, "automaticPresenceSimulation": true,
    });
    browser.command("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await.map(drop)
}

async fn at(browser: &Browser, path: &str) -> anyhow::Result<()> {
    browser.go(path).await?;
    ready(browser, path).await
}

async fn ready(browser: &Browser, path: &str) -> anyhow::Result<()> {
    browser.wait(&format!("location.pathname === '{path}' && 'ready' in document.documentElement.dataset")).await
}

async fn seen(browser: &Browser, name: &str) -> anyhow::Result<()> {
    browser.check(name).await?;
    browser.picture(&format!("me-{name}")).await
}

/// Clicks what may lie below the fold.
async fn click(browser: &Browser, css: &str) -> anyhow::Result<()> {
    let element = browser.find(css).await?;
    element.scroll_into_view().await?;
    Ok(element.click().await?)
}

/// Waits for the page of a consent on which something was just done; the consent.
async fn done(browser: &Browser, what: &str) -> anyhow::Result<String> {
    let there = format!("location.search === '?done={what}' && 'ready' in document.documentElement.dataset");
    browser.wait(&there).await?;
    let path = browser.value("location.pathname").await?;
    Ok(path.as_str().and_then(|path| path.rsplit('/').next()).context("a consent")?.to_owned())
}

/// Keeps a resource about the patient.
async fn keep(harbour: &Client, resource: &Value) -> anyhow::Result<()> {
    let kind = resource["resourceType"].as_str().context("a resource")?;
    let request = harbour.request(Method::POST, &format!("/fhir/{kind}"));
    send(request.header(CONTENT_TYPE, "application/fhir+json").body(resource.to_string())).await?.success().map(drop)
}

async fn records(trial: &Trial) -> anyhow::Result<()> {
    let (harbour, identifier) = (trial.harbour()?, json!({"system": "urn:veridose:patient", "value": NAME}));
    let subject = json!({ "identifier": identifier });
    let rxnorm = json!([{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "617312", "display": "Atorvastatin 20 mg"}]);
    keep(
        &harbour,
        &json!({"resourceType": "Patient", "active": true, "birthDate": "1961-07-19", "identifier": [identifier],
        "name": [{"family": "Quastenflosser", "given": ["Wilma"]}]}),
    )
    .await?;
    keep(
        &harbour,
        &json!({"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": subject,
        "medicationCodeableConcept": {"coding": rxnorm}, "authoredOn": "2026-02-01"}),
    )
    .await?;
    let category = json!([{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}]);
    for day in 1..=22 {
        keep(
            &harbour,
            &json!({"resourceType": "Observation", "status": "final", "subject": subject, "category": category,
            "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Hemoglobin"}]},
            "effectiveDateTime": format!("2026-02-{day:02}"), "valueQuantity": {"value": 13.5, "unit": "g/dL"}}),
        )
        .await?;
    }
    Ok(())
}

async fn dispense(trial: &Trial, serial: &str, consent: &str, version: u32) -> anyhow::Result<Value> {
    let body =
        json!({"items": [pack(serial)], "consent": {"id": consent, "version": version}, "prescription": "once a day"});
    Ok(trial.harbour()?.post("/dispenses", serial, &body).await?.body)
}

/// Somebody asks for the patient's prescriptions, to treat them.
async fn asks(who: &Client) -> anyhow::Result<Value> {
    let body = json!({"patient": NAME, "purpose": "care", "kinds": ["prescription"]});
    who.post("/access", "", &body).await?.success()
}

/// The patient's consents, as the API lists them.
async fn consents(trial: &Trial) -> anyhow::Result<Vec<Value>> {
    trial.patient(NAME)?.rows("/consents").await
}

#[tokio::test]
async fn a_patient_does_their_whole_job_on_a_phone() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let product = json!({"gtin": "09506000134352", "name": "Atorva Alpine", "strength": "20 mg"});
    trial.maker()?.post("/products", "named", &product).await?.success()?;
    stock(&trial, &["P1", "P2", "P3"], "L1", "2049-12-31").await?;
    records(&trial).await?;
    let browser = phone(&trial, "en").await?;
    unlock(&browser).await?;
    seen(&browser, "overview").await?;

    // A passkey.
    at(&browser, "/desk/me/passkeys").await?;
    browser.find("#label").await?.send_keys("My phone").await?;
    click(&browser, "#make-passkey button").await?;
    browser.wait("document.querySelector('.rows strong')?.textContent === 'My phone'").await?;
    seen(&browser, "passkeys").await?;

    // A consent that it signs.
    at(&browser, "/desk/me/consents/new").await?;
    seen(&browser, "grant").await?;
    click(&browser, "[data-passkey]").await?;
    let consent = done(&browser, "granted").await?;
    seen(&browser, "granted").await?;
    let row = trial.harbour()?.get(&format!("/consents/{consent}")).await?.success()?;
    ensure!(row["signed_by"] == "patient" && row["purpose"] == "dispense_record" && row["version"] == 1, "{row}");
    ensure!(dispense(&trial, "P1", &consent, 1).await?["tx"].is_string());

    // Changed: the old version is none to dispense under, the new one is.
    click(&browser, "a[href$='/amend']").await?;
    ready(&browser, &format!("/desk/me/consents/{consent}/amend")).await?;
    browser.find("input[name=prescription]").await?.click().await?;
    seen(&browser, "amend").await?;
    click(&browser, "[data-passkey]").await?;
    ensure!(done(&browser, "amended").await? == consent);
    seen(&browser, "amended").await?;
    ensure!(dispense(&trial, "P2", &consent, 1).await?["code"] == "consent_version");
    ensure!(dispense(&trial, "P2", &consent, 2).await?["tx"].is_string());

    held(&browser).await?;

    // Who looked: somebody who was refused, with proof.
    let station = trial.member("pharmacy", "station-pharmacy")?;
    ensure!(asks(&station).await?["decision"] == "refused");
    at(&browser, "/desk/me/accesses").await?;
    let refused = browser.find("#accesses .access.stop").await?.text().await?;
    ensure!(refused.contains("Station Pharmacy") && refused.contains("My treatment"), "{refused}");
    proven(&browser).await?;
    seen(&browser, "accesses").await?;
    ensure!(altered_records_fail(&browser).await? == json!([true, false, false]));

    // Taken back: the next dispense is refused, and going back does not lead to a second time.
    at(&browser, &format!("/desk/me/consents/{consent}")).await?;
    click(&browser, "form[action$='/revoke'] [data-passkey]").await?;
    ensure!(done(&browser, "revoked").await? == consent);
    seen(&browser, "revoked").await?;
    ensure!(dispense(&trial, "P3", &consent, 2).await?["code"] == "consent_revoked");
    browser.driver().back().await?;
    browser.wait("'ready' in document.documentElement.dataset").await?;
    at(&browser, &format!("/desk/me/consents/{consent}")).await?;
    ensure!(browser.value("document.querySelector('form[action$=\"/revoke\"]') === null").await? == true);
    ensure!(consents(&trial).await?.len() == 1);
    leave(&trial, &browser, &consent).await?;
    browser.stayed_home().await?;
    ensure!(browser.complaints().await? == Vec::<String>::new());
    browser.close().await
}

/// What is held: records by kind, and dispenses under consents.
async fn held(browser: &Browser) -> anyhow::Result<()> {
    at(browser, "/desk/me/records").await?;
    seen(browser, "records").await?;
    ensure!(browser.value("document.querySelectorAll('.rows > li').length").await? == 20, "a page of them");
    click(browser, "a[href*='kind=prescriptions']").await?;
    browser.wait("document.querySelectorAll('.rows > li').length === 1").await?;
    click(browser, ".rows a").await?;
    browser.wait("document.querySelector('h1').textContent === 'Atorvastatin 20 mg'").await?;
    seen(browser, "record").await?;
    at(browser, "/desk/me/dispenses").await?;
    browser.wait("document.querySelectorAll('.rows > li').length === 2").await?;
    let told = browser.find(".rows").await?.text().await?;
    ensure!(
        told.contains("Harbour Pharmacy")
            && told.contains("Atorva Alpine 20 mg")
            && told.contains("P1")
            && told.contains("P2"),
        "{told}"
    );
    seen(browser, "dispenses").await
}

/// Checks the proof of the first record in the page; it takes a moment until it is on the ledger.
async fn proven(browser: &Browser) -> anyhow::Result<()> {
    let row = "document.querySelector('#accesses > li').dataset.proof";
    for _ in 0..50 {
        click(browser, "#accesses > li button.check").await?;
        browser.wait(&format!("!['checking', undefined].includes({row})")).await?;
        if browser.value(row).await? != "waits" {
            break;
        }
    }
    ensure!(browser.value(row).await? == "holds", "{}", browser.find("#accesses > li").await?.text().await?);
    let steps = browser
        .value("[...document.querySelectorAll('#accesses > li .proof > ul > li')].map((li) => li.textContent[0])");
    ensure!(steps.await? == json!(["✓", "✓", "✓", "✓", "✓"]));
    Ok(())
}

/// Whether the page's check believes a record as it is, one with another word in it, and one at another place.
async fn altered_records_fail(browser: &Browser) -> anyhow::Result<Value> {
    let script = "const done = arguments[arguments.length - 1]; (async () => {
        const { check } = await import(document.querySelector('script[src$=\"/me.js\"]').src.replace('me.js', 'access-proof.js'));
        const key = await (await fetch('/log/key')).text();
        const place = document.querySelector('#accesses > li').dataset.place;
        const page = await (await fetch(`/patients/me/accesses?proofs=true&perPage=1&nextPageToken=${place}`)).json();
        const [access] = page.items;
        const other = { ...access, record: access.record.replace('refused', 'granted') };
        const moved = { ...access, proof: { ...access.proof, first: access.proof.first + 1 } };
        const all = await Promise.all([access, other, moved].map((one) => check(one, key)));
        return all.map(({ holds }) => holds);
    })().then(done, (error) => done(String(error)));";
    Ok(browser.driver().execute_async(script, Vec::new()).await?.json().clone())
}

/// A copy of everything, and its end.
async fn leave(trial: &Trial, browser: &Browser, consent: &str) -> anyhow::Result<()> {
    at(browser, "/desk/me/data").await?;
    seen(browser, "leaving").await?;
    let script = "const done = arguments[arguments.length - 1];
        Promise.all([...document.querySelectorAll('a[download]')].map(async (link) => {
            const answer = await fetch(link.href);
            return [answer.headers.get('content-type').split(';')[0], (await answer.text()).slice(0, 5)];
        })).then(done, (error) => done(String(error)));";
    let taken = browser.driver().execute_async(script, Vec::new()).await?.json().clone();
    ensure!(taken == json!([["application/pdf", "%PDF-"], ["application/fhir+json", "{\"res"]]), "{taken}");
    // Half a word erases nothing.
    browser.find("#word").await?.send_keys("eras").await?;
    click(browser, "button.stop").await?;
    browser.wait("document.querySelector('.grave .notice') !== null").await?;
    seen(browser, "erase-not-meant").await?;
    ensure!(trial.harbour()?.get(&format!("/fhir/Consent/{consent}")).await?.status == 200);
    browser.find("#word").await?.send_keys(format!("erase{}", Key::Enter.value())).await?;
    browser.wait("document.querySelector('#receipt-text') !== null").await?;
    seen(browser, "erased").await?;
    let receipt = browser.value("JSON.parse(document.querySelector('#receipt-text').textContent).version").await?;
    ensure!(receipt == 1, "a receipt to keep");
    ensure!(trial.harbour()?.get(&format!("/fhir/Consent/{consent}")).await?.status == 404);
    for path in
        ["/desk/me", "/desk/me/data", "/desk/me/records", "/desk/me/accesses", "/desk/me/consents", "/desk/me/passkeys"]
    {
        at(browser, path).await?;
        browser.check(&format!("{path} after")).await?;
        let text = browser.value("document.body.innerText").await?;
        ensure!(!text.as_str().unwrap_or_default().contains("Atorvastatin"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_patient_without_a_passkey_does_it_in_german() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    records(&trial).await?;
    let browser = phone(&trial, "de").await?;
    seen(&browser, "ueberblick").await?;
    at(&browser, "/desk/me/consents/new").await?;
    ensure!(browser.value("document.querySelector('h1').textContent").await? == "Einwilligung erteilen");
    browser.find("input[value=care]").await?.click().await?;
    seen(&browser, "einwilligen").await?;
    click(&browser, "button[value=custodian]").await?;
    let consent = done(&browser, "granted").await?;
    seen(&browser, "erteilt").await?;
    let row = trial.harbour()?.get(&format!("/consents/{consent}")).await?.success()?;
    ensure!(
        row["signed_by"] == "custodian" && row["purpose"] == "care" && row["grantee"] == "harbour-pharmacy",
        "{row}"
    );
    ensure!(asks(&trial.member("pharmacy", "station-pharmacy")?).await?["rule"] == "credential_missing");
    browser.dark(true).await?;
    for (path, name) in [
        ("/desk/me/accesses", "wer"),
        ("/desk/me/records", "gespeichert"),
        ("/desk/me/passkeys", "passkeys-de"),
        ("/desk/me/data", "mitnehmen"),
    ] {
        at(&browser, path).await?;
        seen(&browser, name).await?;
    }
    browser.find("#word").await?.send_keys(format!("löschen{}", Key::Enter.value())).await?;
    browser.wait("document.querySelector('#receipt-text') !== null").await?;
    seen(&browser, "geloescht").await?;
    ensure!(browser.complaints().await? == Vec::<String>::new());
    browser.close().await
}

#[tokio::test]
async fn nothing_is_done_twice_and_nothing_typed_is_lost() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let browser = phone(&trial, "en").await?;
    // Rubbish for a study's number: told, and still there.
    at(&browser, "/desk/me/consents/new").await?;
    browser.find("input[value=study]").await?.click().await?;
    browser.find("#study").await?.send_keys("<script>alert(1)</script> ☃").await?;
    click(&browser, "button[value=custodian]").await?;
    browser.wait("document.querySelector('[data-told]').classList.contains('bad') && document.querySelector('[data-told]').textContent !== ''").await?;
    seen(&browser, "rubbish").await?;
    ensure!(browser.value("document.querySelector('#study').value").await? == "<script>alert(1)</script> ☃");
    ensure!(consents(&trial).await?.is_empty());

    // The session ends in the middle of the form.
    browser.find("#study").await?.clear().await?;
    browser.find("#study").await?.send_keys("NCT01234567").await?;
    browser.driver().delete_all_cookies().await?;
    click(&browser, "button[value=custodian]").await?;
    browser.wait("!document.querySelector('#session').hidden").await?;
    seen(&browser, "session-over").await?;
    let here = browser.driver().window().await?;
    click(&browser, "#session a").await?;
    let windows = browser.driver().windows().await?;
    let beside = windows.into_iter().find(|window| *window != here).context("a window opened")?;
    browser.driver().switch_to_window(beside).await?;
    browser.find("button[value=patient]").await?.click().await?;
    browser.driver().switch_to_window(here).await?;
    browser.wait("document.querySelector('#session').hidden").await?;
    ensure!(browser.value("document.querySelector('#study').value").await? == "NCT01234567", "what was typed is there");
    ensure!(browser.value("document.querySelector('input[value=study]').checked").await? == true);

    // Two clicks at once give one consent.
    browser.value("(() => { const go = document.querySelector('button[value=custodian]'); go.click(); go.click(); return true; })()").await?;
    let consent = done(&browser, "granted").await?;
    let granted = consents(&trial).await?;
    ensure!(granted.len() == 1 && granted[0]["consent"] == consent.as_str(), "{granted:?}");
    ensure!(browser.find(".portal").await?.text().await?.contains("NCT01234567"));
    // Going back does not lead to the form, so it cannot be sent again by mistake.
    browser.driver().back().await?;
    browser
        .wait("'ready' in document.documentElement.dataset && document.querySelector('form.stacked') === null")
        .await?;

    // The form sent twice without a script, as a browser that asks again does: one consent more, and the same for both.
    let twice = "const done = arguments[arguments.length - 1]; (async () => {
        const page = new DOMParser().parseFromString(await (await fetch('/desk/me/consents/new')).text(), 'text/html');
        const form = new URLSearchParams(new FormData(page.querySelector('form.stacked')));
        form.set('by', 'custodian');
        const sent = async () => (await fetch('/desk/me/consents', { method: 'POST', body: form })).url;
        return [await sent(), await sent()];
    })().then(done, (error) => done(String(error)));";
    let urls = browser.driver().execute_async(twice, Vec::new()).await?.json().clone();
    ensure!(urls[0] == urls[1] && urls[0].as_str().is_some_and(|url| url.ends_with("?done=granted")), "{urls}");
    ensure!(consents(&trial).await?.len() == 2);

    // Revoked twice from two windows: the second is told, and nothing more happens.
    at(&browser, &format!("/desk/me/consents/{consent}")).await?;
    let revoked =
        trial.patient(NAME)?.post(&format!("/consents/{consent}/revoke"), "other", &json!({"version": 1})).await?;
    revoked.success()?;
    click(&browser, "form[action$='/revoke'] button").await?;
    browser.wait("document.querySelector('[data-told]').classList.contains('bad')").await?;
    ensure!(browser.find("[data-told]").await?.text().await?.contains("taken this consent back"));
    // A patient's pages are not for others, and are not kept in the browser.
    ensure!(browser.value("caches.keys().then((all) => 'pages' in all)").await? == false);
    browser.close().await
}
