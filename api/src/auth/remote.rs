//! An issuer elsewhere: discovery, its key set, and when that is fetched again.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::keyset::{KeySet, PinnedKey};
use crate::config::IssuerConfig;

/// Keys are fetched again at this age, so that a key withdrawn by its issuer stops working.
const AGE_MAX: Duration = Duration::from_hours(1);
/// An unknown `kid` or a failure makes no second fetch sooner than this: otherwise strangers could make us hammer the issuer.
const FETCH_INTERVAL_MIN: Duration = Duration::from_secs(30);
/// Size of a discovery document or key set, in bytes.
const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// An issuer elsewhere and the keys it had when last asked.
pub(super) struct Remote {
    pub(super) config: IssuerConfig,
    client: reqwest::Client,
    // Held across the fetch on purpose: those who wait need its result, and one fetch serves them all.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: KeySet,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Where an issuer lets people sign in.
#[derive(Deserialize)]
pub(super) struct Endpoints {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

impl Remote {
    pub(super) fn new(config: IssuerConfig) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("failed to set up the HTTP client for issuers")?;
        Ok(Self { config, client, state: Mutex::default() })
    }

    /// The key of this `kid`; fetches the set when it is old or does not know it.
    pub(super) async fn key(&self, kid: Option<&str>) -> anyhow::Result<Option<PinnedKey>> {
        let mut state = self.state.lock().await;
        let fresh = state.fetched.is_some_and(|at| at.elapsed() < AGE_MAX);
        if fresh && let Some(key) = state.keys.find(kid) {
            return Ok(Some(key.clone()));
        }
        if state.tried.is_none_or(|at| at.elapsed() >= FETCH_INTERVAL_MIN) {
            state.tried = Some(Instant::now());
            state.keys = self.fetch().await?;
            state.fetched = Some(Instant::now());
        }
        anyhow::ensure!(state.fetched.is_some(), "issuer {}: its keys could not be fetched yet", self.config.issuer);
        Ok(state.keys.find(kid).cloned())
    }

    async fn fetch(&self) -> anyhow::Result<KeySet> {
        let issuer = &self.config.issuer;
        let discovery: Discovery = self.get(&self.discovery()).await?;
        // OpenID Connect Discovery 1.0, section 4.3: otherwise one issuer could speak for another.
        anyhow::ensure!(discovery.issuer == *issuer, "issuer {issuer}: its discovery document is of another issuer");
        check_issuer_url(&discovery.jwks_uri)?;
        let jwks: Jwks = self.get(&discovery.jwks_uri).await?;
        let keys = KeySet::from_jwks(&jwks.keys);
        anyhow::ensure!(!keys.is_empty(), "issuer {issuer}: none of its keys is RS256, ES256 or EdDSA");
        tracing::info!(issuer, "issuer's keys fetched");
        Ok(keys)
    }

    fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.config.issuer.trim_end_matches('/'))
    }

    /// Where people sign in.
    pub(super) async fn endpoints(&self) -> anyhow::Result<Endpoints> {
        let endpoints: Endpoints = self.get(&self.discovery()).await?;
        let issuer = &self.config.issuer;
        anyhow::ensure!(endpoints.issuer == *issuer, "issuer {issuer}: its discovery document is of another issuer");
        check_issuer_url(&endpoints.authorization_endpoint)?;
        check_issuer_url(&endpoints.token_endpoint)?;
        Ok(endpoints)
    }

    /// What the issuer's token endpoint answers to a form.
    pub(super) async fn tokens<T: DeserializeOwned>(&self, client: &str, form: &[(&str, &str)]) -> anyhow::Result<T> {
        let location = self.endpoints().await?.token_endpoint;
        let mut body = reqwest::Url::parse("form:")?;
        body.query_pairs_mut().extend_pairs(form);
        let mut request = self.client.post(&location).header("Content-Type", "application/x-www-form-urlencoded");
        request = request.header("Accept", "application/json").body(body.query().unwrap_or_default().to_owned());
        if let Some(file) = &self.config.client_secret_file {
            let secret = std::fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
            request = request.basic_auth(client, Some(secret.trim()));
        }
        read(request, &location).await
    }

    async fn get<T: DeserializeOwned>(&self, location: &str) -> anyhow::Result<T> {
        read(self.client.get(location), location).await
    }
}

/// Sends a request whose answer is a JSON document of bounded size.
async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder, location: &str) -> anyhow::Result<T> {
    let mut response = request.send().await?.error_for_status()?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        anyhow::ensure!(body.len() + chunk.len() <= DOCUMENT_BYTES_MAX, "{location}: larger than 1 MiB");
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).with_context(|| format!("failed to understand {location}"))
}

/// Keys travel over TLS only; in the clear only within this machine.
pub fn check_issuer_url(url: &str) -> anyhow::Result<()> {
    let parsed = reqwest::Url::parse(url).with_context(|| format!("{url} is not a URL"))?;
    let loopback = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    anyhow::ensure!(
        parsed.scheme() == "https" || (parsed.scheme() == "http" && loopback),
        "{url}: an issuer is reached over https"
    );
    Ok(())
}
