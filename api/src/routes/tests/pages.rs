//! Sessions of the pages: who gets one, what it may do, and what a foreign page cannot make it do.

use reqwest::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response, redirect};
use serde_json::json;

use super::{Server, problem};
use crate::auth::Role;

/// A browser: it keeps its cookie, follows nothing, and says where a request comes from.
struct Browser<'a> {
    server: &'a Server,
    client: reqwest::Client,
    cookie: String,
    csrf: String,
}

const PACK: &str = "(01)09506000134352(21)NONE";

fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(redirect::Policy::none()).build().expect("a client")
}

fn header(response: &Response, name: reqwest::header::HeaderName) -> String {
    response.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned()).unwrap_or_default()
}

async fn sign_in(server: &Server, person: &str) -> Response {
    let address = format!("http://{}/signin/as", server.running.address);
    let request = client().post(address).header("Sec-Fetch-Site", "same-origin");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    request.body(format!("person={person}&next=/desk/counter")).send().await.expect("answers")
}

impl<'a> Browser<'a> {
    async fn of(server: &'a Server, person: &str) -> Self {
        let answer = sign_in(server, person).await;
        assert_eq!((answer.status().as_u16(), header(&answer, LOCATION).as_str()), (303, "/desk/counter"));
        let cookie = header(&answer, SET_COOKIE).split(';').next().expect("a cookie").to_owned();
        let mut browser = Self { server, client: client(), cookie, csrf: String::new() };
        let session: serde_json::Value =
            browser.request(Method::GET, "/desk/session").send().await.expect("answers").json().await.expect("JSON");
        browser.csrf = session["csrf"].as_str().expect("a value").to_owned();
        browser
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = format!("http://{}{path}", self.server.running.address);
        self.client.request(method, address).header(COOKIE, &self.cookie)
    }

    /// A verification, as the page's own script asks for it.
    fn verification(&self) -> RequestBuilder {
        self.request(Method::POST, "/verifications").json(&json!({"scan": PACK}))
    }
}

#[actix_web::test]
async fn a_session_is_a_caller_of_the_api() {
    let server = Server::start(|_| ()).await;
    let pharmacist = Browser::of(&server, "pharmacist").await;
    let asked = || pharmacist.verification().header("X-CSRF-Token", &pharmacist.csrf);
    let verdict = asked().header("Sec-Fetch-Site", "same-origin").send().await.expect("answers");
    assert_eq!(verdict.status(), 200);
    let own = format!("http://{}", server.running.address);
    assert_eq!(asked().header(ORIGIN, own).send().await.expect("answers").status(), 200, "an older browser");
    // Reading needs no value; what the role may not do, the session may not.
    assert_eq!(pharmacist.request(Method::GET, "/recalls").send().await.expect("answers").status(), 200);
    let refused = pharmacist.request(Method::GET, "/jobs").send().await.expect("answers");
    assert_eq!(problem(refused).await["code"], "forbidden");
    // A token counts where there is one, and needs none of this.
    let token = server.token_of("medicines-agency", Role::Regulator);
    let verdict = pharmacist.verification().bearer_auth(token).send().await.expect("answers");
    assert_eq!(verdict.status(), 200);
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_foreign_page_makes_a_session_do_nothing() {
    let server = Server::start(|_| ()).await;
    let pharmacist = Browser::of(&server, "pharmacist").await;
    let other = Browser::of(&server, "other-pharmacist").await;
    let with = |value: &str, name: &'static str, said: &'static str| {
        pharmacist.verification().header("X-CSRF-Token", value).header(name, said)
    };
    for foreign in [
        pharmacist.verification().header("Sec-Fetch-Site", "same-origin"),
        with(&other.csrf, "Sec-Fetch-Site", "same-origin"),
        with("", "Sec-Fetch-Site", "same-origin"),
        with(&pharmacist.csrf, "Sec-Fetch-Site", "cross-site"),
        with(&pharmacist.csrf, "Sec-Fetch-Site", "same-site"),
        with(&pharmacist.csrf, "Origin", "https://evil.example"),
        with(&pharmacist.csrf, "Accept", "application/json"),
    ] {
        let refused = problem(foreign.send().await.expect("answers")).await;
        assert_eq!((refused["status"].as_u64(), refused["code"].as_str()), (Some(403), Some("foreign_request")));
    }
    // Nor does it sign anybody in or out, or scan in a form.
    let form = |path: &str, body: &str| {
        let request = pharmacist.request(Method::POST, path).header("Sec-Fetch-Site", "cross-site");
        request.header("Content-Type", "application/x-www-form-urlencoded").body(body.to_owned()).send()
    };
    for (path, body) in [
        ("/signin/as", "person=inspector".to_owned()),
        ("/signin/out", format!("csrf={}", pharmacist.csrf)),
        ("/signin/language", "language=de".to_owned()),
        ("/desk/counter", format!("scan=x&csrf={}", pharmacist.csrf)),
    ] {
        assert_eq!(problem(form(path, &body).await.expect("answers")).await["code"], "foreign_request", "{path}");
    }
    assert_eq!(pharmacist.request(Method::GET, "/desk/counter").send().await.expect("answers").status(), 200);
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_session_ends_at_the_sign_out() {
    let server = Server::start(|_| ()).await;
    let pharmacist = Browser::of(&server, "pharmacist").await;
    let out = pharmacist.request(Method::POST, "/signin/out").header("Sec-Fetch-Site", "same-origin");
    let out = out.header("Content-Type", "application/x-www-form-urlencoded").body(format!("csrf={}", pharmacist.csrf));
    let answer = out.send().await.expect("answers");
    assert_eq!((answer.status().as_u16(), header(&answer, LOCATION).as_str()), (303, "/signin"));
    assert!(header(&answer, SET_COOKIE).contains("Max-Age=0"));
    // The cookie is worth nothing any more, even where somebody kept it.
    let page = pharmacist.request(Method::GET, "/desk/counter").header("Accept", "text/html");
    let answer = page.send().await.expect("answers");
    assert_eq!(header(&answer, LOCATION), "/signin?next=%2Fdesk%2Fcounter");
    let refused = pharmacist.verification().send().await.expect("answers");
    assert_eq!(problem(refused).await["code"], "unauthenticated");
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn nobody_becomes_a_person_of_the_trial_from_elsewhere() {
    let server = Server::start(|_| ()).await;
    let page = |name: &'static str, value: &str| {
        server.request(Method::GET, "/signin").header(name, value).header("Accept", "text/html").send()
    };
    let here = server.running.address.to_string();
    assert!(page("host", &here).await.expect("answers").text().await.expect("text").contains("name=\"person\""));
    // A page whose name was made to lead here, and a proxy that may serve anybody.
    for (name, value) in
        [("host", "evil.example"), ("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7")]
    {
        let text = page(name, value).await.expect("answers").text().await.expect("text");
        assert!(!text.contains("name=\"person\""), "{name}");
        let request = server.request(Method::POST, "/signin/as").header("Sec-Fetch-Site", "same-origin");
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").header(name, value);
        let refused = request.body("person=pharmacist").send().await.expect("answers");
        assert_eq!(problem(refused).await["code"], "not_found", "{name}");
    }
    assert_eq!(sign_in(&server, "nobody").await.status(), 404);
    server.running.stop().await.expect("stops");
    // Not without the embedded issuer, whatever the network.
    let server = Server::start(|config| config.auth.embedded = false).await;
    let text = server.get("/signin").await.text().await.expect("text");
    assert!(!text.contains("name=\"person\"") && text.contains("auth.issuers"));
    assert_eq!(sign_in(&server, "pharmacist").await.status(), 404);
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn the_counter_works_without_a_script() {
    let server = Server::start(|_| ()).await;
    let pharmacist = Browser::of(&server, "pharmacist").await;
    let page = pharmacist.request(Method::GET, "/desk/counter").header("Accept-Language", "de").send().await;
    let page = page.expect("answers");
    let policy = header(&page, reqwest::header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let text = page.text().await.expect("text");
    assert!(text.contains("<html lang=\"de\">") && text.contains("Code scannen"));
    // No script or style stands in the page.
    assert!(!text.contains("style=") && !text.contains(" on") && !text.contains("<style"), "{text}");
    for script in text.split("<script").skip(1) {
        assert!(script.contains("src=\"/assets/") && script.contains("></script>"), "{script}");
    }
    let form = pharmacist.request(Method::POST, "/desk/counter").header("Sec-Fetch-Site", "same-origin");
    let form = form.header("Content-Type", "application/x-www-form-urlencoded").header("Accept", "text/html");
    let body = format!("csrf={}&scan=%2801%2909506000134352%2821%29NONE", pharmacist.csrf);
    let text = form.body(body).send().await.expect("answers").text().await.expect("text");
    assert!(text.contains("data-code=\"unknown_") && text.contains("class=\"sign\""), "{text}");
    // Files are kept for good, under a name that changes with them.
    let at = text.find("/assets/").expect("a file");
    let file = text[at..].split('"').next().expect("an address");
    let answer = server.get(file).await;
    assert!(header(&answer, reqwest::header::CACHE_CONTROL).contains("immutable"));
    assert_eq!(server.get(&file.replace("/assets/", "/assets/0")).await.status(), 404);
    server.running.stop().await.expect("stops");
}

#[actix_web::test]
async fn a_page_that_is_not_there_is_told_in_words() {
    let server = Server::start(|_| ()).await;
    let inspector = Browser::of(&server, "pharmacist").await;
    let asked = inspector.request(Method::GET, "/desk/nothing").header("Accept", "text/html").header(HOST, "localhost");
    let answer = asked.header("Accept-Language", "de").send().await.expect("answers");
    assert_eq!(answer.status(), 404);
    let text = answer.text().await.expect("text");
    assert!(text.contains("Das hat nicht geklappt") && text.contains("urn:uuid:"), "{text}");
    let data = inspector.request(Method::GET, "/desk/nothing").send().await.expect("answers");
    assert_eq!(problem(data).await["code"], "not_found");
    server.running.stop().await.expect("stops");
}
