//! Signing in with an issuer elsewhere: the authorization code flow of `OpenID` Connect Core 1.0, section 3.1, with PKCE
//! (RFC 7636). What the issuer then gives is judged as a token that a client sends: the session can do no more than it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::Validation;
use serde::{Deserialize, Serialize};

use super::remote::Remote;
use super::{AuthError, Authority, Caller};

/// A sign-in that waits for the issuer's answer. The browser keeps it, where scripts cannot read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    issuer: String,
    /// Comes back with the answer, so that nobody can bring an answer of his own.
    state: String,
    /// Stands in the issuer's word, so that it was made for this sign-in.
    nonce: String,
    /// Known to no one but who began (RFC 7636).
    verifier: String,
    /// The page to go on to.
    pub(crate) next: String,
}

/// What the token endpoint gives.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

#[derive(Deserialize)]
struct IdClaims {
    sub: String,
    #[serde(default)]
    nonce: String,
}

impl Authority {
    /// The issuers with which people can sign in.
    pub(crate) fn sign_in_issuers(&self) -> Vec<&str> {
        let remotes = self.remotes.iter().filter(|remote| remote.config.client_id.is_some());
        remotes.map(|remote| remote.config.issuer.as_str()).collect()
    }

    fn client_of(&self, issuer: &str) -> Result<(&Remote, &str), AuthError> {
        let remote = self.remotes.iter().find(|remote| remote.config.issuer == issuer).ok_or(AuthError::Issuer)?;
        Ok((remote, remote.config.client_id.as_deref().ok_or(AuthError::Issuer)?))
    }

    /// Where the browser is sent, and what it keeps meanwhile. `redirect` is the address that the issuer sends it back to.
    pub(crate) async fn begin_sign_in(
        &self,
        issuer: &str,
        redirect: &str,
        next: String,
    ) -> Result<(String, Pending), AuthError> {
        let (remote, client) = self.client_of(issuer)?;
        let endpoint = remote.endpoints().await.map_err(AuthError::Unreachable)?.authorization_endpoint;
        let [state, nonce, verifier] = [(); 3].map(|()| chance());
        let challenge = BASE64URL.encode(digest(&SHA256, verifier.as_bytes()));
        let mut location = reqwest::Url::parse(&endpoint).map_err(|error| AuthError::Unreachable(error.into()))?;
        location.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", redirect),
            ("scope", &remote.config.sign_in_scope),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok((location.into(), Pending { issuer: issuer.to_owned(), state, nonce, verifier, next }))
    }

    /// Who came back from the issuer with a code.
    pub(crate) async fn end_sign_in(
        &self,
        pending: &Pending,
        state: &str,
        code: &str,
        redirect: &str,
    ) -> Result<Caller, AuthError> {
        if pending.state != state {
            return Err(AuthError::Form("the answer is not to the sign-in that was begun"));
        }
        let (remote, client) = self.client_of(&pending.issuer)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("client_id", client),
            ("code_verifier", &pending.verifier),
        ];
        let tokens: Tokens = remote.tokens(client, &form).await.map_err(AuthError::Unreachable)?;
        let claims = id_claims(remote, client, &tokens.id_token).await?;
        if claims.nonce != pending.nonce {
            return Err(AuthError::Form("the issuer's word was made for another sign-in"));
        }
        let caller = self.caller(&tokens.access_token).await?;
        if caller.subject != claims.sub || caller.issuer != pending.issuer {
            return Err(AuthError::Form("the access token is of somebody else"));
        }
        Ok(caller)
    }
}

/// Checks an ID token (`OpenID` Connect Core 1.0, section 3.1.3.7).
async fn id_claims(remote: &Remote, client: &str, token: &str) -> Result<IdClaims, AuthError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| AuthError::Form("the header of the ID token"))?;
    let key = remote.key(header.kid.as_deref()).await.map_err(AuthError::Unreachable)?.ok_or(AuthError::Key)?;
    let mut validation = Validation::new(key.algorithm);
    validation.leeway = super::authority::LEEWAY_SECONDS;
    validation.set_issuer(&[&remote.config.issuer]);
    validation.set_audience(&[client]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    Ok(jsonwebtoken::decode::<IdClaims>(token, &key.key, &validation)?.claims)
}

/// 244 bits that nobody can guess, as 64 hexadecimal digits: as many as a verifier needs (RFC 7636, section 4.1).
fn chance() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}
