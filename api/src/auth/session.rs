//! Who is signed in at a browser: a cookie names a session of the database, which says who it is.
//!
//! A browser sends its cookies with whatever a foreign page makes it send. So what changes something is believed only where
//! the browser says that a page of this node asked for it, and the page shows a value that only the session's pages have.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use actix_web::{HttpRequest, web};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use veridose_store::{NewSession, SessionToken, Sessions};

use super::Caller;
use crate::config::Config;
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// The header in which scripts show the session's value.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";

/// How sessions are kept.
#[derive(Debug, Clone)]
pub struct SessionTerms {
    /// Whether browsers reach this node over HTTPS.
    secure: bool,
    idle_ms: i64,
    age_ms: i64,
    public_url: Option<String>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who it is.
    pub caller: Caller,
    token: SessionToken,
}

impl SessionTerms {
    /// As the configuration says.
    pub fn new(config: &Config) -> Self {
        let public_url = config.public_url.clone();
        Self {
            secure: public_url.as_deref().is_some_and(|url| url.starts_with("https:")),
            idle_ms: i64::from(config.sessions.idle_minutes) * 60_000,
            age_ms: i64::from(config.sessions.hours_max) * 3_600_000,
            public_url,
        }
    }

    /// The prefix has browsers refuse a cookie of this name from another host or over plain HTTP (RFC 6265bis, 4.1.3.2).
    pub(crate) fn name(&self, what: &str) -> String {
        if self.secure { format!("__Host-{what}") } else { what.to_owned() }
    }

    /// A cookie that scripts cannot read and foreign pages' requests do not carry.
    pub(crate) fn cookie(&self, what: &str, value: String, age: Duration) -> Cookie<'static> {
        Cookie::build(self.name(what), value)
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .max_age(age)
            .finish()
    }

    /// A cookie that says nothing of who it is.
    pub(crate) fn plain_cookie(&self, what: &'static str, value: String, age: Duration) -> Cookie<'static> {
        let cookie = Cookie::build(what, value).path("/").secure(self.secure).same_site(SameSite::Lax);
        cookie.max_age(age).finish()
    }

    /// What makes the browser forget its session.
    pub(crate) fn session_removal(&self) -> Cookie<'static> {
        self.removal(COOKIE)
    }

    /// What makes the browser forget a cookie.
    pub(crate) fn removal(&self, what: &str) -> Cookie<'static> {
        self.cookie(what, String::new(), Duration::ZERO)
    }

    /// Opens a session, and gives the cookie that names it.
    pub(crate) async fn open(&self, sessions: &Sessions, caller: &Caller) -> Result<Cookie<'static>, Problem> {
        let now_ms = now_ms();
        sessions.prune(now_ms, self.idle_ms, self.age_ms).await?;
        let json = serde_json::to_vec(caller).map_err(Problem::internal)?;
        let new = NewSession { person: (&caller.issuer, &caller.subject), caller: &json, now_ms };
        let token = sessions.open(new).await?;
        Ok(self.cookie(COOKIE, token.text(), Duration::milliseconds(self.age_ms)))
    }

    /// Whether a page of this node asked for the request: the browser says so (Fetch Metadata), or at least from which
    /// origin it comes.
    pub(crate) fn is_own(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(site) = text("sec-fetch-site") {
            return site == "same-origin";
        }
        let Some(origin) = text(ORIGIN.as_str()) else { return false };
        let host = origin.split_once("://").map(|(_, host)| host);
        self.public_url.as_deref().is_some_and(|url| url.trim_end_matches('/') == origin)
            || host.is_some() && host == text(HOST.as_str())
    }
}

const COOKIE: &str = "veridose";

impl SignedIn {
    /// Who is signed in at the browser that sent the request; nobody, where the session has ended.
    pub(crate) async fn of(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let terms = terms(request);
        let cookie = request.cookie(&terms.name(COOKIE));
        let Some(token) = cookie.and_then(|cookie| SessionToken::parse(cookie.value())) else { return Ok(None) };
        let sessions = sessions(request);
        let Some(found) = sessions.find(&token, now_ms(), terms.idle_ms, terms.age_ms).await? else { return Ok(None) };
        let caller = serde_json::from_slice(&found.caller).map_err(Problem::internal)?;
        Ok(Some(Self { caller, token }))
    }

    /// The value that the session's pages show when they change something.
    pub(crate) fn csrf(&self) -> String {
        self.token.derived("csrf")
    }

    /// Refuses what a page of somebody else may have asked for.
    pub(crate) fn check(&self, request: &HttpRequest, shown: Option<&str>) -> Result<(), Problem> {
        let is_shown =
            shown.is_some_and(|shown| verify_slices_are_equal(shown.as_bytes(), self.csrf().as_bytes()).is_ok());
        if is_shown && terms(request).is_own(request.headers()) {
            return Ok(());
        }
        Err(Problem::new(Kind::ForeignRequest, "this was not asked for by a page of this session: open the page again"))
    }

    /// Whether the session goes on, which asking does not count as a use of.
    pub(crate) async fn is_open(&self, terms: &SessionTerms, sessions: &Sessions) -> Result<bool, Problem> {
        Ok(sessions.is_open(&self.token, now_ms(), terms.idle_ms, terms.age_ms).await?)
    }

    /// Ends the session.
    pub(crate) async fn end(&self, request: &HttpRequest) -> Result<(), Problem> {
        Ok(sessions(request).end(&self.token).await?)
    }
}

/// The caller of a request without a token: who is signed in.
pub(super) async fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let Some(signed_in) = SignedIn::of(request).await? else {
        return Err(Problem::new(Kind::Unauthenticated, "send an Authorization: Bearer header, or sign in at /signin"));
    };
    if !request.method().is_safe() {
        let shown = request.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok());
        signed_in.check(request, shown)?;
    }
    Ok(signed_in.caller)
}

pub(crate) fn terms(request: &HttpRequest) -> &web::Data<SessionTerms> {
    request.app_data::<web::Data<SessionTerms>>().expect("the application registers it")
}

fn sessions(request: &HttpRequest) -> &Sessions {
    &request.app_data::<web::Data<Node>>().expect("the application registers it").store().sessions
}

/// Sessions live by the machine's clock, as tokens do, however the node's own clock is shifted.
fn now_ms() -> i64 {
    i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap_or(i64::MAX).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn is_own(url: Option<&str>, headers: &[(&'static str, &'static str)]) -> bool {
        let config = Config { public_url: url.map(str::to_owned), ..Config::default() };
        let pairs =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        SessionTerms::new(&config).is_own(&pairs.collect())
    }

    #[test]
    fn only_a_page_of_this_node_is_believed() {
        let url = Some("https://desk.example/");
        assert!(is_own(None, &[("sec-fetch-site", "same-origin")]));
        assert!(is_own(None, &[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(is_own(url, &[("origin", "https://desk.example"), ("host", "10.0.0.7:8080")]));
        for headers in [
            &[][..],
            &[("host", "127.0.0.1:8080")],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null"), ("host", "null")],
            &[("origin", "https://evil.example"), ("host", "desk.example")],
        ] {
            assert!(!is_own(url, headers), "{headers:?}");
        }
    }

    #[test]
    fn cookies_are_for_this_host_and_no_script() {
        let cookie = |url: &str| {
            let config = Config { public_url: Some(url.to_owned()), ..Config::default() };
            SessionTerms::new(&config).cookie(COOKIE, "x".into(), Duration::hours(1)).to_string()
        };
        assert_eq!(
            cookie("https://desk.example"),
            "__Host-veridose=x; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600"
        );
        assert_eq!(cookie("http://127.0.0.1:1"), "veridose=x; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600");
    }
}
