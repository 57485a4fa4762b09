//! A client of a running node, for the commands that ask one.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context as Cx, Poll};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use clap::Args;
use http_body::{Body, Frame, SizeHint};
use indicatif::ProgressBar;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use super::{Outcome, print};

/// The environment variable that holds the access token.
const TOKEN: &str = "VERIDOSE_TOKEN";
/// A file is sent in pieces of this size.
const PIECE_BYTES: usize = 1 << 16;

/// Which node, and who asks.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// The node
    #[arg(long, env = "VERIDOSE_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    server: String,
    /// A file that holds the access token; otherwise `VERIDOSE_TOKEN` holds it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// A node that answers.
pub(super) struct Client {
    server: String,
    token: Zeroizing<String>,
    http: reqwest::Client,
    runtime: Runtime,
}

/// What the node said.
#[derive(Debug)]
pub(super) enum Answered {
    /// It did what was asked.
    Done(Value),
    /// It refused: problem+json.
    Refused(Value),
}

impl Connection {
    /// A client with the caller's token.
    pub(super) fn client(&self) -> Result<Client> {
        let token = match &self.token_file {
            Some(file) => {
                std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?
            }
            None => std::env::var(TOKEN).with_context(|| {
                format!("no access token: set {TOKEN}, or name a file with --token-file (`veridose token` mints one)")
            })?,
        };
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_mins(1))
            // A token is for this node, not for whoever it points to.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let server = self.server.trim_end_matches('/').to_owned();
        Ok(Client { server, token: Zeroizing::new(token.trim().to_owned()), http, runtime })
    }
}

impl Client {
    /// A request to a path of the node.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.server)).bearer_auth(self.token.as_str())
    }

    /// Sends a request and reads the answer with its headers.
    pub(super) fn exchange(&self, request: RequestBuilder) -> Result<(Answered, HeaderMap)> {
        self.runtime.block_on(async {
            let response = request.send().await.with_context(|| {
                format!("no answer from {}: is a node running there? (--server names another)", self.server)
            })?;
            let (status, headers) = (response.status(), response.headers().clone());
            let text = response.text().await.context("the answer broke off")?;
            let body = serde_json::from_str(&text);
            if status.is_success() {
                return Ok((Answered::Done(body.context("the answer is not JSON")?), headers));
            }
            let other = || json!({ "code": format!("http_{}", status.as_u16()), "detail": text });
            Ok((Answered::Refused(body.unwrap_or_else(|_| other())), headers))
        })
    }

    /// The bytes at a path, or the problem that was answered.
    pub(super) fn bytes(&self, path: &str) -> Result<std::result::Result<Vec<u8>, Value>> {
        let request = self.request(Method::GET, path);
        self.runtime.block_on(async {
            let response = request.send().await.with_context(|| format!("no answer from {}", self.server))?;
            let status = response.status();
            let bytes = response.bytes().await.context("the answer broke off")?;
            if status.is_success() {
                return Ok(Ok(bytes.to_vec()));
            }
            let other = || json!({ "code": format!("http_{}", status.as_u16()) });
            Ok(Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| other())))
        })
    }

    /// Asks with a JSON body, if any.
    pub(super) fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answered> {
        let request = self.request(method, path);
        let request = if let Some(body) = body { request.json(body) } else { request };
        Ok(self.exchange(request)?.0)
    }

    /// Writes under an idempotency key, if one is given: sent again, the request gets the first answer.
    pub(super) fn write(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Answered> {
        let request = self.request(Method::POST, path).json(body);
        let request = if let Some(key) = key { request.header("Idempotency-Key", key) } else { request };
        Ok(self.exchange(request)?.0)
    }

    /// Every page of a list, in order.
    pub(super) fn pages(&self, first: String) -> impl Iterator<Item = Result<Answered>> {
        let mut next = Some(first);
        std::iter::from_fn(move || {
            let path = next.take()?;
            let page = self.exchange(self.request(Method::GET, &path)).and_then(|(answered, headers)| {
                next = next_page(&headers)?;
                Ok(answered)
            });
            Some(page)
        })
    }

    /// Waits.
    pub(super) fn pause(&self, time: Duration) {
        // A timer is made inside the runtime, or not at all.
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }
}

/// The path that the `Link` header names as the next page.
fn next_page(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(link) = headers.get("link") else { return Ok(None) };
    let link = link.to_str().context("the Link header is not text")?;
    let next = link.strip_suffix("; rel=\"next\"").and_then(|link| link.strip_prefix('<')?.strip_suffix('>'));
    let next = next.context("the Link header names no next page")?;
    ensure!(next.starts_with('/'), "the next page is on another server: {next}");
    Ok(Some(next.to_owned()))
}

impl Answered {
    /// Shows the answer: as it is for machines, in the lines of `human` for people, a refusal with its code.
    pub(super) fn tell(self, json: bool, human: impl FnOnce(&Value) -> Vec<String>) -> Result<Outcome> {
        match self {
            Self::Done(body) if json => print(&body.to_string()),
            Self::Done(body) => {
                for line in human(&body) {
                    print(&line)?;
                }
                Ok(Outcome::Done)
            }
            Self::Refused(problem) => {
                if json {
                    print(&problem.to_string())?;
                } else {
                    writeln!(io::stderr(), "veridose: {}", refusal(&problem))?;
                }
                Ok(Outcome::Refused)
            }
        }
    }
}

/// A problem in one line.
fn refusal(problem: &Value) -> String {
    if let Some(issues) = problem["issue"].as_array() {
        let said = |issue: &Value| {
            let place = issue["expression"][0].as_str().map(|place| format!("{place}: ")).unwrap_or_default();
            format!("{place}{}", issue["diagnostics"].as_str().unwrap_or("refused"))
        };
        return issues.iter().map(said).collect::<Vec<_>>().join("; ");
    }
    let code = problem["code"].as_str().unwrap_or("refused");
    let detail = problem["detail"].as_str().unwrap_or_default();
    match problem["field"].as_str() {
        Some(field) => format!("{code}: {field}: {detail}"),
        None => format!("{code}: {detail}"),
    }
}

/// A field of an answer, for people.
pub(super) fn text_of<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("?")
}

/// A file on its way to the node, piece by piece.
pub(super) struct Upload {
    file: File,
    left_bytes: u64,
    bar: ProgressBar,
}

impl Upload {
    /// The file from its beginning, as long as it is now.
    pub(super) fn new(file: File, bar: ProgressBar) -> Result<Self> {
        let left_bytes = file.metadata()?.len();
        Ok(Self { file, left_bytes, bar })
    }

    /// The next piece; the file may not become shorter meanwhile, and what is added to it is not sent.
    fn piece(&mut self) -> io::Result<Bytes> {
        let mut piece = vec![0; usize::try_from(self.left_bytes).unwrap_or(usize::MAX).min(PIECE_BYTES)];
        // The runtime does nothing but this upload, so it may wait for the disk.
        self.file.read_exact(&mut piece)?;
        self.left_bytes -= piece.len() as u64;
        self.bar.inc(piece.len() as u64);
        Ok(piece.into())
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Cx<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let upload = self.get_mut();
        Poll::Ready((upload.left_bytes > 0).then(|| upload.piece().map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left_bytes == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_page_stays_on_the_server() {
        let of = |link: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("link", link.parse().expect("a header"));
            next_page(&headers)
        };
        assert_eq!(next_page(&HeaderMap::new()).expect("no page"), None);
        let next = of("</events?nextPageToken=x>; rel=\"next\"").expect("a page");
        assert_eq!(next.as_deref(), Some("/events?nextPageToken=x"));
        assert!(of("<https://elsewhere.example/events>; rel=\"next\"").is_err());
        assert!(of("</events>; rel=\"last\"").is_err());
    }

    #[test]
    fn a_client_waits() {
        let token = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(token.path(), "x\n").expect("written");
        let connection = Connection { server: "http://127.0.0.1:9/".into(), token_file: Some(token.path().to_owned()) };
        let client = connection.client().expect("a client");
        client.pause(Duration::from_millis(1));
        assert_eq!((client.server.as_str(), client.token.as_str()), ("http://127.0.0.1:9", "x"));
    }

    #[test]
    fn refusals_in_one_line() {
        let problem = json!({ "code": "invalid", "detail": "expected a GTIN", "field": "product" });
        assert_eq!(refusal(&problem), "invalid: product: expected a GTIN");
        assert_eq!(refusal(&json!({ "code": "http_502", "detail": "bad gateway" })), "http_502: bad gateway");
        let outcome = json!({"resourceType": "OperationOutcome", "issue": [
            {"expression": ["Claim.patient"], "diagnostics": "phantom_patient: not this one"}, {"diagnostics": "no"}]});
        assert_eq!(refusal(&outcome), "Claim.patient: phantom_patient: not this one; no");
    }
}
