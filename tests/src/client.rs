//! A caller of the HTTP API.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

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
    /// JSON, or null where the body is none.
    pub body: Value,
}

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

    /// POST of JSON under an idempotency key.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }
}

/// Sends a request and reads the answer.
pub async fn send(request: RequestBuilder) -> anyhow::Result<Answer> {
    let response = request.send().await?;
    let status = response.status();
    let media_type = response.headers().get("content-type").map_or("", |value| value.to_str().unwrap_or_default());
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
    let bytes = response.bytes().await?;
    Ok(Answer { status, media_type, body: serde_json::from_slice(&bytes).unwrap_or_default() })
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
    Ok(Command::new(binary()?).args(arguments).arg("--data").arg(data).output()?)
}

/// A token of the embedded issuer, as `veridose token` prints it; `arguments` follow the role.
pub fn token(data: &Path, role: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = veridose(data, &[&["token", "--role", role], arguments].concat())?;
    ensure!(output.status.success(), "veridose token: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
