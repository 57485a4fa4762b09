//! Signing in with an issuer elsewhere, which is played here with all that it would check.

use std::collections::HashMap;
use std::sync::Mutex;

use actix_web::{App, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, Url, redirect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Server, problem};
use crate::config::Config;

/// What the issuer remembers of an authorization, under its code.
#[derive(Clone)]
struct Granted {
    challenge: String,
    nonce: String,
    redirect: String,
    subject: &'static str,
}

/// An issuer at a port of its own.
struct Issuer {
    url: String,
    signer: EncodingKey,
    jwk: Value,
    granted: Mutex<HashMap<String, Granted>>,
}

const CLIENT: &str = "veridose-pages";

impl Issuer {
    fn start() -> web::Data<Self> {
        let pair = aws_lc_rs::signature::Ed25519KeyPair::generate().expect("a key");
        let signer = EncodingKey::from_ed_der(pair.to_pkcs8v1().expect("PKCS#8").as_ref());
        let jwk =
            serde_json::to_value(Jwk::from_encoding_key(&signer, Algorithm::EdDSA).expect("a JWK")).expect("JSON");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let issuer = web::Data::new(Self { url, signer, jwk, granted: Mutex::default() });
        let own = issuer.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(own.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/keys", web::get().to(keys))
                .route("/token", web::post().to(token))
        });
        tokio::spawn(server.workers(1).listen(listener).expect("listens").run());
        issuer
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: None, ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.signer).expect("signs")
    }

    /// What it does when somebody has shown who they are: it sends the browser back.
    fn authorize(&self, location: &str, code: &str, subject: &'static str) -> String {
        let asked: HashMap<String, String> = Url::parse(location).expect("a URL").query_pairs().into_owned().collect();
        assert!(location.starts_with(&format!("{}/authorize?", self.url)), "{location}");
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
        assert_eq!((asked["code_challenge_method"].as_str(), asked["scope"].as_str()), ("S256", "openid"));
        let of = |name: &str| asked[name].clone();
        let granted =
            Granted { challenge: of("code_challenge"), nonce: of("nonce"), redirect: of("redirect_uri"), subject };
        self.granted.lock().expect("no panic").insert(code.to_owned(), granted);
        format!("/signin/callback?code={code}&state={}", asked["state"])
    }
}

async fn discovery(issuer: web::Data<Issuer>) -> HttpResponse {
    let url = &issuer.url;
    HttpResponse::Ok().json(json!({
        "issuer": url, "jwks_uri": format!("{url}/keys"),
        "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
    }))
}

async fn keys(issuer: web::Data<Issuer>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "keys": [issuer.jwk] }))
}

/// Gives tokens once for a code, to who knows the verifier.
async fn token(issuer: web::Data<Issuer>, form: web::Form<HashMap<String, String>>) -> HttpResponse {
    let granted = issuer.granted.lock().expect("no panic").remove(&form["code"]);
    let Some(granted) = granted else { return HttpResponse::BadRequest().finish() };
    let challenge = BASE64URL.encode(Sha256::digest(&form["code_verifier"]));
    if challenge != granted.challenge || form["redirect_uri"] != granted.redirect || form["client_id"] != CLIENT {
        return HttpResponse::BadRequest().finish();
    }
    let exp = jsonwebtoken::get_current_timestamp() + 300;
    let id = json!({"iss": issuer.url, "aud": CLIENT, "sub": "anna", "exp": exp, "nonce": granted.nonce});
    let access = json!({
        "iss": issuer.url, "aud": "veridose-there", "sub": granted.subject, "exp": exp,
        "role": "pharmacy", "party": "harbour-pharmacy",
    });
    HttpResponse::Ok()
        .json(json!({"id_token": issuer.sign(&id), "access_token": issuer.sign(&access), "token_type": "Bearer"}))
}

fn configured(config: &mut Config, issuer: &Issuer) {
    let text = format!("issuer = {:?}\naudience = \"veridose-there\"\nclient_id = \"{CLIENT}\"", issuer.url);
    config.auth.issuers = vec![toml::from_str(&text).expect("a configuration")];
    config.auth.embedded = false;
}

/// A browser without cookies of its own.
async fn send(server: &Server, method: Method, path: &str, cookie: &str, body: String) -> Response {
    let client = reqwest::Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let request = client.request(method, format!("http://{}{path}", server.running.address)).header(COOKIE, cookie);
    let request =
        request.header("Sec-Fetch-Site", "same-origin").header("Content-Type", "application/x-www-form-urlencoded");
    request.body(body).send().await.expect("answers")
}

fn cookies(response: &Response) -> String {
    let pairs =
        response.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()?.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

/// Where a page sends the browser on to.
fn sent_on(response: &Response) -> String {
    let refresh = response.headers()["refresh"].to_str().expect("ASCII");
    refresh.strip_prefix("0; url=").expect("at once").to_owned()
}

fn location(response: &Response) -> String {
    response.headers()[LOCATION].to_str().expect("ASCII").to_owned()
}

#[actix_web::test]
async fn somebody_signs_in_with_an_issuer_elsewhere() {
    let issuer = Issuer::start();
    let server = Server::start(|config| configured(config, &issuer)).await;
    let begin = || send(&server, Method::POST, "/signin/with", "", format!("issuer={}&next=/desk/counter", issuer.url));
    let begun = begin().await;
    let kept = cookies(&begun);
    let back = issuer.authorize(&sent_on(&begun), "one", "anna");
    let entered = send(&server, Method::GET, &back, &kept, String::new()).await;
    assert_eq!((entered.status().as_u16(), location(&entered).as_str()), (303, "/desk/counter"));
    let session = cookies(&entered);
    let page = send(&server, Method::GET, "/desk/counter", &session, String::new()).await;
    assert!(page.text().await.expect("text").contains("Harbour Pharmacy"));

    // The same answer again, one without the browser that began, one to another sign-in: nobody gets in.
    let again = send(&server, Method::GET, &back, &kept, String::new()).await;
    assert_eq!(problem(again).await["status"], 503, "the issuer gives nothing for a code that was used");
    let foreign = send(&server, Method::GET, &back, "", String::new()).await;
    assert_eq!(problem(foreign).await["code"], "bad_request");
    let other = begin().await;
    let back = issuer.authorize(&sent_on(&other), "two", "anna");
    let mixed = send(&server, Method::GET, &back, &kept, String::new()).await;
    assert_eq!(problem(mixed).await["code"], "unauthenticated");
    // An access token of somebody else than the one who signed in.
    let third = begin().await;
    let back = issuer.authorize(&sent_on(&third), "three", "mallory");
    let swapped = send(&server, Method::GET, &back, &cookies(&third), String::new()).await;
    assert_eq!(problem(swapped).await["code"], "unauthenticated");
    let refused = send(&server, Method::POST, "/signin/with", "", "issuer=https://evil.example".to_owned()).await;
    assert_eq!(problem(refused).await["code"], "unauthenticated");
    server.running.stop().await.expect("stops");
}
