//! A caller of the HTTP API.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::ground::ground;
use crate::server::binary;

/// One caller, with or without a token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

/// An answer that was read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// Media type.
    pub media_type: String,
    /// After how many seconds the same request is worth repeating, where the answer says so.
    pub retry_after_seconds: Option<u64>,
    /// The token of the next page, where there is one.
    pub next: Option<String>,
    /// JSON, or null where the body is none.
    pub body: Value,
}

/// The media type of EPCIS 2.0 JSON-LD.
pub const JSON_LD: &str = "application/ld+json";
/// Longest wait for a job of the queue.
const RUN_PATIENCE: Duration = Duration::from_mins(1);
/// Longest wait for a capture job; on a channel ten thousand events take a while.
const JOB_PATIENCE: Duration = Duration::from_mins(4);

impl Client {
    /// A caller of the server at `base`; `token` goes into every request.
    pub fn new(base: &str, token: Option<&str>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}"))?);
        }
        let http = reqwest::Client::builder().default_headers(headers).timeout(Duration::from_mins(2)).build()?;
        Ok(Self { http, base: base.to_owned() })
    }

    /// A request to a path, for headers and bodies of one's own.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        send(self.request(Method::GET, path)).await
    }

    /// Has a periodic job of the queue run now, by calling it off while it waits and putting it back, and waits for its end.
    pub async fn has_run(&self, job: &str) -> anyhow::Result<()> {
        let path = format!("/jobs/{job}");
        let begin = Instant::now();
        let mut called_at = None;
        loop {
            let job = self.get(&path).await?.success()?;
            ensure!(job["error"] == Value::Null, "{job}");
            match called_at {
                None if job["state"] == "cancelled" => {
                    called_at = job["claims"].as_u64();
                    self.post(&format!("{path}/retry"), "", &json!({})).await?.success()?;
                }
                // Refused where it has just ended by itself.
                None => drop(self.post(&format!("{path}/cancel"), "", &json!({})).await?),
                Some(claims) if job["state"] == "queued" && job["claims"].as_u64() > Some(claims) => return Ok(()),
                Some(_) => {}
            }
            ensure!(begin.elapsed() < RUN_PATIENCE, "{job}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// POST of JSON under an idempotency key.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }

    /// Hands an EPCIS document in, waits until its job has ended, and gives the job.
    pub async fn capture(
        &self,
        media: &str,
        behaviour: &str,
        document: impl Into<reqwest::Body>,
    ) -> anyhow::Result<Value> {
        let request = self.request(Method::POST, "/capture").header("GS1-Capture-Error-Behaviour", behaviour);
        let job = send(request.header(CONTENT_TYPE, media).body(document)).await?.success()?;
        let path = format!("/capture/{}", job["captureID"].as_str().context("a job has a name")?);
        let begin = Instant::now();
        loop {
            let job = self.get(&path).await?.success()?;
            if job["running"] == false {
                return Ok(job);
            }
            ensure!(begin.elapsed() < JOB_PATIENCE, "the job does not end: {job}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every event that the caller may see, from all pages.
    pub async fn events(&self) -> anyhow::Result<Vec<Value>> {
        let mut events = Vec::new();
        let mut path = "/events?perPage=500".to_owned();
        loop {
            let answer = self.get(&path).await?;
            let next = answer.next.clone();
            let mut page = answer.success()?;
            let list = &mut page["epcisBody"]["queryResults"]["resultsBody"]["eventList"];
            events.append(list.as_array_mut().context("a query document has a list of events")?);
            let Some(next) = next else { return Ok(events) };
            path = format!("/events?perPage=500&nextPageToken={next}");
        }
    }

    /// Every row of a list, from all pages.
    pub async fn rows(&self, list: &str) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut path = format!("{list}?perPage=500");
        loop {
            let mut page = self.get(&path).await?.success()?;
            rows.append(page["items"].as_array_mut().context("a list has items")?);
            let Some(next) = page["nextPageToken"].as_str() else { return Ok(rows) };
            path = format!("{list}?perPage=500&nextPageToken={next}");
        }
    }

    /// The verdict on a scan.
    pub async fn verify(&self, scan: &str) -> anyhow::Result<Value> {
        let body = serde_json::json!({ "scan": scan });
        send(self.request(Method::POST, "/verifications").json(&body)).await?.success()
    }
}

/// Sends a request and reads the answer.
pub async fn send(request: RequestBuilder) -> anyhow::Result<Answer> {
    let response = request.send().await?;
    let status = response.status();
    let media_type = response.headers().get("content-type").map_or("", |value| value.to_str().unwrap_or_default());
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let next = response.headers().get("nextPageToken").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let retry_after_seconds = retry_after.and_then(|seconds| seconds.parse().ok());
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(Answer { status, media_type, retry_after_seconds, next, body })
}

impl Answer {
    /// The body of a success.
    pub fn success(self) -> anyhow::Result<Value> {
        ensure!(self.status.is_success(), "{}: {}", self.status, self.body);
        Ok(self.body)
    }

    /// The stable code of a refusal: a problem (RFC 9457) with a status of the client's fault.
    pub fn refusal(&self) -> anyhow::Result<&str> {
        ensure!(self.status.is_client_error(), "not refused: {}: {}", self.status, self.body);
        ensure!(self.media_type == "application/problem+json", "{}: a refusal as {}", self.status, self.media_type);
        self.body["code"].as_str().with_context(|| format!("a problem without a code: {}", self.body))
    }
}

/// Runs `veridose ARGUMENTS… --data DATA` to its end.
pub fn veridose(data: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let ground = ground(data, arguments)?;
    Ok(Command::new(binary()?).args(arguments).arg("--data").arg(data).envs(ground).output()?)
}

/// What `veridose ARGUMENTS… --data DATA` prints when it ends well.
pub fn printed(data: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = veridose(data, arguments)?;
    ensure!(output.status.success(), "veridose {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A token of the embedded issuer, as `veridose token` prints it; `arguments` follow the role.
pub fn token(data: &Path, role: &str, arguments: &[&str]) -> anyhow::Result<String> {
    printed(data, &[&["token", "--role", role], arguments].concat())
}
