//! What is new comes to pages that are open, and only to those whom it concerns.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use veridose_tests::{Browser, Client, JSON_LD, Trial, commissioning, document, pack};

use super::ground::make;

/// How soon a page knows.
const SOON: Duration = Duration::from_secs(2);
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

const FORM: &str = "application/x-www-form-urlencoded";

/// Somebody who is signed in, as a browser is.
struct Person {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

/// A stream of events.
struct Stream {
    response: Response,
    text: String,
    last: String,
}

impl Person {
    async fn sign_in(trial: &Trial, person: &str) -> anyhow::Result<Self> {
        let (base, http) =
            (trial.server.base().to_owned(), reqwest::Client::builder().redirect(Policy::none()).build()?);
        let request = http.post(format!("{base}/signin/as")).header(ORIGIN, &base).header(CONTENT_TYPE, FORM);
        let answer = request.body(format!("person={person}")).send().await?;
        ensure!(answer.headers().contains_key(LOCATION), "{person}: {}", answer.status());
        let cookie = answer.headers().get(SET_COOKIE).context("a cookie")?.to_str()?;
        let cookie = cookie.split(';').next().context("a cookie has a value")?.to_owned();
        Ok(Self { http, base, cookie })
    }

    async fn ask(&self, query: &str, heard: Option<&str>) -> anyhow::Result<Response> {
        let mut request = self.http.get(format!("{}/desk/live{query}", self.base)).header(COOKIE, &self.cookie);
        if let Some(heard) = heard {
            request = request.header("Last-Event-ID", heard);
        }
        Ok(request.send().await?)
    }

    async fn listen(&self) -> anyhow::Result<Stream> {
        self.listen_from("", None).await
    }

    async fn listen_from(&self, query: &str, heard: Option<&str>) -> anyhow::Result<Stream> {
        let response = self.ask(query, heard).await?;
        ensure!(response.status() == StatusCode::OK, "{}", response.text().await?);
        ensure!(response.headers()["content-type"] == "text/event-stream; charset=utf-8");
        let mut stream = Stream { response, text: String::new(), last: String::new() };
        // The first block names where it begins.
        ensure!(stream.block().await?.context("a beginning")?.0.is_empty());
        Ok(stream)
    }

    async fn sign_out(&self) -> anyhow::Result<()> {
        let page = self.http.get(format!("{}/desk/counter", self.base)).header(COOKIE, &self.cookie).send().await?;
        let page = page.text().await?;
        let csrf = page.split("name=\"csrf\" content=\"").nth(1).and_then(|rest| rest.split('"').next());
        let csrf = csrf.context("a page has the session's value")?;
        let request = self.http.post(format!("{}/signin/out", self.base)).header(ORIGIN, &self.base);
        let request = request.header(COOKIE, &self.cookie).header(CONTENT_TYPE, FORM);
        let answer = request.body(format!("csrf={csrf}")).send().await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "{}", answer.status());
        Ok(())
    }
}

impl Stream {
    /// The next event, heartbeats left aside; nothing at the end.
    async fn next(&mut self) -> anyhow::Result<Option<(String, Value)>> {
        loop {
            match self.block().await? {
                Some((kind, _)) if kind.is_empty() => {}
                other => return Ok(other),
            }
        }
    }

    /// The next event of a kind.
    async fn hear(&mut self, wanted: &str) -> anyhow::Result<Value> {
        loop {
            let (kind, data) = self.next().await?.context("the stream has ended")?;
            if kind == wanted {
                return Ok(data);
            }
        }
    }

    async fn block(&mut self) -> anyhow::Result<Option<(String, Value)>> {
        let (mut kind, mut data) = (String::new(), Value::Null);
        let end = loop {
            if let Some(end) = self.text.find("\n\n") {
                break end;
            }
            let Some(bytes) = tokio::time::timeout(PATIENCE, self.response.chunk()).await?? else { return Ok(None) };
            self.text.push_str(std::str::from_utf8(&bytes)?);
        };
        for line in self.text.drain(..end + 2).collect::<String>().lines() {
            match line.split_once(": ") {
                Some(("event", name)) => name.clone_into(&mut kind),
                Some(("data", json)) => data = serde_json::from_str(json)?,
                Some(("id", id)) => id.clone_into(&mut self.last),
                Some(_) | None => {}
            }
        }
        Ok(Some((kind, data)))
    }
}

async fn offer(from: &Client, to: &str, serial: &str) -> anyhow::Result<String> {
    let body = json!({"to": to, "items": [pack(serial)]});
    let offered = from.post("/handoffs", serial, &body).await?.success()?;
    Ok(offered["offer"].as_str().context("an offer has a name")?.to_owned())
}

async fn suspect(who: &Client, title: &str) -> anyhow::Result<String> {
    let raised = who.post("/cases", title, &json!({"title": title, "items": []})).await?.success()?;
    Ok(raised["case"].as_str().context("a case has a name")?.to_owned())
}

#[tokio::test]
async fn everybody_hears_what_concerns_them_and_nothing_else() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    make(&trial, &["A1", "A2"], "L1", "2049-12-31").await?;
    let mut streams = Vec::new();
    for person in ["pharmacist", "other-pharmacist", "inspector", "shipping-clerk"] {
        streams.push(Person::sign_in(&trial, person).await?.listen().await?);
    }
    let [mut harbour, mut station, mut agency, mut maker] = <[Stream; 4]>::try_from(streams).ok().context("four")?;

    let first = offer(&trial.maker()?, "harbour-pharmacy", "A1").await?;
    let begin = Instant::now();
    let heard = harbour.hear("arrival").await?;
    ensure!(begin.elapsed() < SOON, "it took {:?}", begin.elapsed());
    ensure!(heard == json!({"offer": first, "event": "handoff.offered", "from": "alpine-pharma"}), "{heard}");
    trial.maker()?.post(&format!("/handoffs/{first}/withdraw"), "w", &json!({})).await?.success()?;
    ensure!(harbour.hear("arrival").await?["event"] == "handoff.withdrawn");

    let case = suspect(&trial.harbour()?, "Odd print").await?;
    for stream in [&mut harbour, &mut agency] {
        ensure!(stream.hear("case").await? == json!({"case": case, "event": "case.raised"}));
    }
    trial.agency()?.post(&format!("/cases/{case}/assign"), "a", &json!({})).await?.success()?;
    for stream in [&mut harbour, &mut agency] {
        ensure!(stream.hear("case").await?["event"] == "case.assigned");
    }

    let begin = Instant::now();
    let made = document(&[commissioning(&["B1"], Some("L1"))]).to_string();
    let job = trial.maker()?.capture(JSON_LD, "rollback", made).await?;
    let heard = loop {
        let heard = maker.hear("job").await?;
        if heard["job"] == job["captureID"] && heard["state"] == "succeeded" {
            break heard;
        }
    };
    ensure!(begin.elapsed() < SOON + SOON, "it took {:?}", begin.elapsed());
    ensure!(heard["events"] == 1 && heard["captured"] == 1 && heard["errors"] == 0, "{heard}");

    // The stranger heard of none of it: the first that comes to it is its own.
    let last = offer(&trial.maker()?, "station-pharmacy", "A2").await?;
    let (kind, heard) = station.next().await?.context("the stream has ended")?;
    ensure!(kind == "arrival" && heard["offer"] == last.as_str(), "{kind}: {heard}");
    // Nor do regulators and pharmacies hear of captures, or regulators of others' arrivals.
    let own = suspect(&trial.agency()?, "The last").await?;
    let (kind, heard) = agency.next().await?.context("the stream has ended")?;
    ensure!(kind == "case" && heard["case"] == own.as_str(), "{kind}: {heard}");
    trial.stop().await.map(drop)
}

#[tokio::test]
async fn who_comes_again_hears_what_was_missed() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let agency = Person::sign_in(&trial, "inspector").await?;
    let heard = agency.listen().await?.last;
    let case = suspect(&trial.harbour()?, "While nobody listened").await?;
    let other = suspect(&trial.agency()?, "Not for pharmacies").await?;
    for (query, header) in [(String::new(), Some(heard.as_str())), (format!("?from={heard}"), None)] {
        let mut stream = agency.listen_from(&query, header).await?;
        ensure!(stream.hear("case").await?["case"] == case.as_str());
        ensure!(stream.hear("case").await?["case"] == other.as_str());
    }
    let harbour = Person::sign_in(&trial, "pharmacist").await?;
    let mut stream = harbour.listen_from("", Some(&heard)).await?;
    ensure!(stream.hear("case").await?["case"] == case.as_str());
    let own = suspect(&trial.harbour()?, "Mine").await?;
    ensure!(stream.hear("case").await?["case"] == own.as_str(), "what another missed is not told to this one");
    // Too much to tell: look again.
    let (client, mut raised) = (trial.harbour()?, JoinSet::new());
    for number in 0..257 {
        let pharmacy = client.clone();
        raised.spawn(async move { suspect(&pharmacy, &format!("Case {number}")).await });
    }
    while let Some(case) = raised.join_next().await {
        // A look at a case waits for the view, from which streams are told.
        client.get(&format!("/cases/{}", case??)).await?.success()?;
    }
    let mut stream = harbour.listen_from("", Some(&heard)).await?;
    ensure!(stream.next().await?.context("the stream has ended")?.0 == "again");
    trial.stop().await.map(drop)
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_holds_nothing_up() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    let nobody = Person { cookie: "veridose=none".into(), ..Person::sign_in(&trial, "pharmacist").await? };
    ensure!(nobody.ask("", None).await?.status() == StatusCode::UNAUTHORIZED);
    for person in ["patient", "operator"] {
        let person = Person::sign_in(&trial, person).await?;
        ensure!(person.ask("", None).await?.status() == StatusCode::FORBIDDEN);
    }
    ensure!(nobody.ask("?from=x", None).await?.status() == StatusCode::UNAUTHORIZED);

    let pharmacist = Person::sign_in(&trial, "pharmacist").await?;
    ensure!(pharmacist.ask("?from=x", None).await?.status() == StatusCode::BAD_REQUEST);
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(pharmacist.listen().await?);
    }
    let refused = pharmacist.ask("", None).await?;
    ensure!(refused.status() == StatusCode::TOO_MANY_REQUESTS && refused.headers().contains_key("retry-after"));
    let other = Person::sign_in(&trial, "other-pharmacist").await?;
    let mut lasting = other.listen().await?;
    pharmacist.sign_out().await?;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    suspect(&trial.harbour()?, "Said after the sign-out").await?;
    for mut stream in streams {
        let (kind, data) = stream.next().await?.context("it says why it ends")?;
        ensure!(kind == "over" && data == json!({}), "{kind}: {data}");
        ensure!(stream.next().await?.is_none(), "it has ended");
    }
    let begin = Instant::now();
    let stopped = tokio::spawn(trial.stop());
    ensure!(lasting.next().await?.is_none(), "the node stops");
    drop(stopped.await??);
    ensure!(begin.elapsed() < Duration::from_secs(5), "the node took {:?} to stop", begin.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_open_tells_of_an_arrival() -> anyhow::Result<()> {
    let trial = Trial::start().await?;
    make(&trial, &["A1", "A2"], "L1", "2049-12-31").await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    browser.sign_in("pharmacist", "/desk/counter").await?;
    browser.wait("document.documentElement.dataset.live === 'on'").await?;
    let shown = |count: u32| {
        format!("document.querySelector('[data-live] .notice:not([hidden])')?.innerText.includes(': {count}')")
    };
    offer(&trial.maker()?, "harbour-pharmacy", "A1").await?;
    let begin = Instant::now();
    browser.wait(&shown(1)).await?;
    ensure!(begin.elapsed() < SOON, "it took {:?}", begin.elapsed());
    offer(&trial.maker()?, "harbour-pharmacy", "A2").await?;
    browser.wait(&shown(2)).await?;
    ensure!(browser.value("document.activeElement.id").await? == "scan", "the field keeps the focus");
    browser.check("an arrival").await?;
    browser.picture("live-arrival").await?;
    let complaints = browser.complaints().await?;
    ensure!(complaints.is_empty(), "{complaints:?}");
    browser.stayed_home().await?;
    browser.close().await
}
