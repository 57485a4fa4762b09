//! An `OpenID` Connect issuer elsewhere, with a page of its own to sign in at, and a person who does.

use std::collections::HashMap;
use std::sync::Mutex;

use actix_web::http::header::LOCATION;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::ensure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use veridose_tests::{Browser, Trial};

const CLIENT: &str = "veridose-pages";
/// A name that an issuer has for somebody: it must stand in no address of the node.
const PERSON: &str = "anna-4711";

/// An issuer at a port of its own; what was asked for lies under the code that it gave.
struct Issuer {
    url: String,
    signer: EncodingKey,
    jwk: Value,
    given: Mutex<HashMap<String, HashMap<String, String>>>,
}

impl Issuer {
    /// Under another name than the node's, so that to the browser it is another site.
    fn start() -> anyhow::Result<web::Data<Self>> {
        let pair = aws_lc_rs::signature::Ed25519KeyPair::generate()?;
        let signer = EncodingKey::from_ed_der(pair.to_pkcs8v1()?.as_ref());
        let jwk = serde_json::to_value(Jwk::from_encoding_key(&signer, Algorithm::EdDSA)?)?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://localhost:{}", listener.local_addr()?.port());
        let issuer = web::Data::new(Self { url, signer, jwk, given: Mutex::default() });
        let own = issuer.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(own.clone())
                .route("/.well-known/openid-configuration", web::get().to(discovery))
                .route("/keys", web::get().to(keys))
                .route("/authorize", web::get().to(page))
                .route("/agree", web::post().to(agree))
                .route("/token", web::post().to(token))
        });
        tokio::spawn(server.workers(1).listen(listener)?.run());
        Ok(issuer)
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: None, ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, claims, &self.signer).expect("signs")
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

/// Where the person shows who they are.
async fn page(asked: web::Query<HashMap<String, String>>) -> HttpResponse {
    let hidden = |name: &str| format!("<input type=hidden name={name} value='{}'>", asked[name]);
    let fields: String = ["redirect_uri", "state", "nonce", "code_challenge", "client_id"].map(hidden).concat();
    let form = format!("<form method=post action=/agree>{fields}<button id=yes>It is me</button></form>");
    let no = format!("<a id=no href='{}?error=access_denied&state={}'>No</a>", asked["redirect_uri"], asked["state"]);
    HttpResponse::Ok().content_type("text/html").body(format!("<title>Issuer</title>{form}{no}"))
}

async fn agree(issuer: web::Data<Issuer>, form: web::Form<HashMap<String, String>>) -> HttpResponse {
    let code = form["nonce"].chars().rev().collect::<String>();
    let back = format!("{}?code={code}&state={}", form["redirect_uri"], form["state"]);
    issuer.given.lock().expect("no panic").insert(code, form.into_inner());
    HttpResponse::SeeOther().insert_header((LOCATION, back)).finish()
}

/// Gives tokens once for a code, to who knows the verifier.
async fn token(issuer: web::Data<Issuer>, form: web::Form<HashMap<String, String>>) -> HttpResponse {
    let given = issuer.given.lock().expect("no panic").remove(&form["code"]);
    let Some(given) = given else { return HttpResponse::BadRequest().finish() };
    let challenge = BASE64URL.encode(Sha256::digest(&form["code_verifier"]));
    if challenge != given["code_challenge"] || form["redirect_uri"] != given["redirect_uri"] {
        return HttpResponse::BadRequest().finish();
    }
    let exp = jsonwebtoken::get_current_timestamp() + 300;
    let id = json!({"iss": issuer.url, "aud": CLIENT, "sub": PERSON, "exp": exp, "nonce": given["nonce"]});
    let access = json!({
        "iss": issuer.url, "aud": "veridose-there", "sub": PERSON, "exp": exp, "role": "pharmacy", "party": "harbour-pharmacy",
    });
    HttpResponse::Ok()
        .json(json!({"id_token": issuer.sign(&id), "access_token": issuer.sign(&access), "token_type": "Bearer"}))
}

#[tokio::test]
async fn somebody_signs_in_with_an_issuer_elsewhere() -> anyhow::Result<()> {
    let issuer = Issuer::start()?;
    let data = tempfile::tempdir()?;
    let config = data.path().join("issuers.toml");
    let text = format!(
        "[[auth.issuers]]\nissuer = {:?}\naudience = \"veridose-there\"\nclient_id = \"{CLIENT}\"\n",
        issuer.url
    );
    std::fs::write(&config, text)?;
    let arguments = vec!["--config".to_owned(), config.display().to_string()];
    let trial = Trial::start_with(data, arguments).await?;
    let browser = Browser::open(trial.server.base(), "en").await?;
    let begin = "form[action='/signin/with'] button";
    let at_issuer = "document.title === 'Issuer'";

    // Who says no at the issuer is let in nowhere, and told so.
    browser.go("/desk/counter").await?;
    browser.check("sign-in with an issuer").await?;
    browser.picture("sign-in-issuer").await?;
    browser.find(begin).await?.click().await?;
    browser.wait(at_issuer).await?;
    browser.find("#no").await?.click().await?;
    browser.wait("location.pathname === '/signin/callback' && document.querySelector('h1') !== null").await?;
    ensure!(browser.value("document.querySelector('h1').textContent").await? == "That did not work");
    browser.go("/desk/counter").await?;
    ensure!(browser.value("location.pathname").await? == "/signin", "still nobody");

    // Who says yes comes to the page that they wanted, through a form, two hosts and a cookie that other sites do not send.
    browser.find(begin).await?.click().await?;
    browser.wait(at_issuer).await?;
    browser.find("#yes").await?.click().await?;
    browser.wait("location.pathname === '/desk/counter' && 'ready' in document.documentElement.dataset").await?;
    ensure!(browser.find(".who").await?.text().await?.contains("Harbour Pharmacy"));
    let cookies = browser.driver().get_all_cookies().await?;
    ensure!(!cookies.iter().any(|cookie| cookie.name == "veridose-signin"), "what was kept of the sign-in is gone");
    let session = cookies.iter().find(|cookie| cookie.name == "veridose");
    ensure!(session.is_some_and(|cookie| cookie.http_only == Some(true)), "no script reads the session");
    // Going back to the issuer's answer does not let anybody in a second time.
    let here = browser.value("location.href").await?;
    ensure!(!here.as_str().unwrap_or_default().contains(PERSON));
    browser.find("#sign-out button").await?.click().await?;
    browser.wait("location.pathname === '/signin'").await?;
    browser.go("/desk/counter").await?;
    ensure!(browser.value("location.pathname").await? == "/signin", "signed out");
    ensure!(browser.complaints().await? == Vec::<String>::new());
    browser.close().await
}
