//! Tokens in the name of an issuer elsewhere, and tokens of the node's own issuer with its own key but other claims.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use veridose_ledger::pki::{Passphrase, open};
use veridose_tests::{Client, Server, token};

const LIST: &str = "/parties";

/// A key and its public form.
struct Key {
    signer: EncodingKey,
    algorithm: Algorithm,
    jwk: Value,
}

impl Key {
    fn rsa(kid: &str) -> Self {
        use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS#8");
        let text = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        Self::named(EncodingKey::from_rsa_pem(pem.as_bytes()).expect("PEM"), Algorithm::RS256, kid)
    }

    /// The key of the node's own issuer, as a thief of the data directory and of the passphrase would have it.
    fn of_node(data: &TempDir) -> Self {
        let keys = data.path().join("keys");
        let passphrase = Passphrase::from_file(&keys.join("passphrase")).expect("kept beside the keys of a trial");
        let sealed = std::fs::read_to_string(keys.join("issuer.key")).expect("the issuer's key");
        let der = open(&sealed, "issuer", &passphrase).expect("unlocked");
        let mut key = Self::named(EncodingKey::from_ed_der(&der), Algorithm::EdDSA, "");
        let jwk: Jwk = serde_json::from_value(key.jwk.clone()).expect("a JWK");
        key.jwk["kid"] = json!(jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).expect("a name"));
        key
    }

    fn named(key: EncodingKey, algorithm: Algorithm, kid: &str) -> Self {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&key, algorithm).expect("a JWK")).expect("JSON");
        jwk["kid"] = json!(kid);
        Self { signer: key, algorithm, jwk }
    }

    fn kid(&self) -> &Value {
        &self.jwk["kid"]
    }

    /// A token with the header, signed with this key whatever the header says.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.signer, self.algorithm).expect("signs");
        format!("{message}.{signature}")
    }

    /// The header that is right for it.
    fn header(&self) -> Value {
        let header = Header::new(self.algorithm);
        let mut header = serde_json::to_value(header).expect("JSON");
        header["kid"] = self.kid().clone();
        header
    }

    fn honest(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }
}

/// An `OpenID` Connect issuer on a free port; counts who asks.
struct Issuer {
    url: String,
    asked: Arc<AtomicUsize>,
    keys: Arc<Mutex<Vec<Value>>>,
}

impl Issuer {
    async fn start(keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let keys = Arc::new(Mutex::new(keys));
        let (at, count, served) = (url.clone(), Arc::clone(&asked), Arc::clone(&keys));
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let mut request = vec![0; 4_096];
                let length = connection.read(&mut request).await.unwrap_or_default();
                let body = if request[..length].starts_with(b"GET /.well-known/") {
                    json!({"issuer": at, "jwks_uri": format!("{at}/jwks")})
                } else {
                    json!({ "keys": *served.lock().expect("no panic") })
                }
                .to_string();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                // Who asked may have gone away.
                let _ = connection.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, asked, keys }
    }

    /// Has other keys from now on.
    fn rotate(&self, keys: Vec<Value>) {
        *self.keys.lock().expect("no panic") = keys;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn claims(&self) -> Value {
        let now = jsonwebtoken::get_current_timestamp();
        json!({"iss": self.url, "aud": "veridose-there", "sub": "anna", "exp": now + 300, "nbf": now - 1,
               "role": "regulator", "party": "medicines-agency"})
    }
}

fn with(mut value: Value, name: &str, other: Value) -> Value {
    value[name] = other;
    value
}

async fn status(server: &Server, token: &str) -> u16 {
    let client = Client::new(server.base(), Some(token)).expect("a token is a header's value");
    client.get(LIST).await.expect("the server answers").status.as_u16()
}

async fn refused(server: &Server, token: &str, why: &str) {
    let client = Client::new(server.base(), Some(token)).expect("a token is a header's value");
    let answer = client.get(LIST).await.expect("the server answers");
    assert_eq!(answer.status, 401, "{why}: {}", answer.body);
    answer.refusal().unwrap_or_else(|error| panic!("{why}: {error}"));
}

/// A node that trusts both issuers.
async fn trusting(issuers: &[&Issuer]) -> (TempDir, Server) {
    let data = tempfile::tempdir().expect("temporary directory");
    let config = data.path().join("issuers.toml");
    let text = issuers
        .iter()
        .map(|issuer| format!("[[auth.issuers]]\nissuer = \"{}\"\naudience = \"veridose-there\"\n", issuer.url));
    std::fs::write(&config, text.collect::<String>()).expect("written");
    let config = config.to_str().expect("a path of text");
    let server = Server::start(data.path(), &["serve", "--config", config]).await.expect("starts");
    (data, server)
}

#[tokio::test]
async fn no_token_in_an_issuers_name_is_accepted_but_its_own() {
    let (own, other, evil) = (Key::rsa("own"), Key::rsa("other"), Key::rsa("evil"));
    let issuer = Issuer::start(vec![own.jwk.clone()]).await;
    let second = Issuer::start(vec![other.jwk.clone()]).await;
    let attacker = Issuer::start(vec![evil.jwk.clone()]).await;
    let (_data, server) = trusting(&[&issuer, &second]).await;
    let claims = issuer.claims();
    assert_eq!(status(&server, &own.honest(&claims)).await, 200, "the honest token is accepted");
    assert_eq!(status(&server, &other.honest(&second.claims())).await, 200, "that of the second too");

    // The public key as a shared secret, in each form that a careless verifier may hold it.
    let modulus = own.jwk["n"].as_str().expect("a modulus");
    let raw = URL_SAFE_NO_PAD.decode(modulus).expect("base64");
    for (algorithm, name) in [(Algorithm::HS256, "HS256"), (Algorithm::HS384, "HS384"), (Algorithm::HS512, "HS512")] {
        for secret in [&raw[..], modulus.as_bytes(), own.jwk.to_string().as_bytes(), b""] {
            let forger = Key { signer: EncodingKey::from_secret(secret), algorithm, jwk: own.jwk.clone() };
            let header = json!({"alg": name, "typ": "JWT", "kid": "own"});
            refused(&server, &forger.sign(&header, &claims), name).await;
        }
    }
    // Where to find another key, said by whoever holds that.
    let elsewhere = format!("{}/jwks", attacker.url);
    for (name, value) in [
        ("jwk", evil.jwk.clone()),
        ("jku", json!(elsewhere)),
        ("x5u", json!(elsewhere)),
        ("x5c", json!([STANDARD.encode([1, 2, 3])])),
    ] {
        for kid in [json!("own"), json!("evil"), Value::Null] {
            let header = with(with(evil.header(), "kid", kid), name, value.clone());
            refused(&server, &evil.sign(&header, &claims), name).await;
        }
    }
    for kid in ["../../keys/issuer.key", "own\u{0}", "' OR '1'='1", "/dev/null", "", "evil", &elsewhere] {
        refused(&server, &evil.sign(&with(evil.header(), "kid", json!(kid)), &claims), kid).await;
    }
    refused(&server, &evil.sign(&own.header(), &claims), "another key under a known name").await;
    refused(&server, &other.honest(&claims), "a key of the second issuer").await;
    refused(&server, &other.sign(&own.header(), &claims), "a key of the second issuer under the first one's name")
        .await;
    refused(&server, &evil.honest(&attacker.claims()), "an issuer that is not trusted").await;
    assert_eq!(attacker.asked(), 0, "the node fetched a key from where a token told it to");

    // The same key with another algorithm than the one it is for.
    for (algorithm, name) in [(Algorithm::RS384, "RS384"), (Algorithm::RS512, "RS512"), (Algorithm::PS256, "PS256")] {
        let same = Key { signer: own.signer.clone(), algorithm, jwk: own.jwk.clone() };
        refused(&server, &same.honest(&claims), name).await;
    }
    let honest = own.honest(&claims);
    let (message, _) = honest.rsplit_once('.').expect("a signature");
    refused(&server, &format!("{message}."), "the signature stripped").await;
    refused(&server, message, "two parts").await;
    wrong_claims(&server, &own, &claims).await;
    assert_eq!(status(&server, &honest).await, 200, "the honest token is accepted still");
}

/// Signed as they should be, and not for here or not for now.
async fn wrong_claims(server: &Server, key: &Key, claims: &Value) {
    let now = jsonwebtoken::get_current_timestamp();
    for (name, value) in [
        ("aud", json!("another-service")),
        ("aud", json!(["elsewhere", "nowhere"])),
        ("aud", Value::Null),
        ("iss", json!("https://evil.example")),
        ("iss", json!([claims["iss"], "https://evil.example"])),
        ("iss", Value::Null),
        ("exp", json!(now - 60)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("nbf", json!(now + 120)),
        ("sub", Value::Null),
    ] {
        let why = format!("{name}: {value}");
        refused(server, &key.honest(&with(claims.clone(), name, value)), &why).await;
    }
    for name in ["aud", "iss", "exp", "sub"] {
        let mut without = claims.clone();
        without.as_object_mut().expect("an object").remove(name);
        refused(server, &key.honest(&without), &format!("no {name}")).await;
    }
}

#[tokio::test]
async fn the_nodes_own_key_does_not_make_up_for_wrong_claims() {
    let issuer = Issuer::start(vec![Key::rsa("own").jwk]).await;
    let (data, server) = trusting(&[&issuer]).await;
    let honest = token(data.path(), "regulator", &["--party", "medicines-agency"]).expect("a token");
    let claims = honest.split('.').nth(1).expect("claims");
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64")).expect("JSON");
    let key = Key::of_node(&data);
    assert_eq!(status(&server, &key.honest(&claims)).await, 200, "the key is the node's");
    wrong_claims(&server, &key, &claims).await;
    // Its key does not speak for another issuer, nor another's name for its own.
    let theirs = with(with(claims.clone(), "iss", json!(issuer.url)), "aud", json!("veridose-there"));
    refused(&server, &key.honest(&theirs), "the node's key in another's name").await;
    assert_eq!(status(&server, &honest).await, 200, "the honest token is accepted still");
}

/// An issuer of patients alone, whose tokens say no more than `OpenID` Connect asks for.
#[tokio::test]
async fn patients_sign_in_with_identities_of_their_own_and_are_nobody_elses() {
    let (own, evil) = (Key::rsa("own"), Key::rsa("evil"));
    let (identity, members) = (Issuer::start(vec![own.jwk.clone()]).await, Issuer::start(vec![evil.jwk.clone()]).await);
    let data = tempfile::tempdir().expect("temporary directory");
    let config = data.path().join("issuers.toml");
    let text = format!(
        "[patients]\ncustodian = \"harbour-pharmacy\"\n[[auth.issuers]]\nissuer = \"{}\"\naudience = \"veridose-there\"\n\
         roles = [\"patient\"]\npatient_claim = \"sub\"\npatient_prefix = \"eid:\"\n\
         [[auth.issuers]]\nissuer = \"{}\"\naudience = \"veridose-there\"\nroles = [\"regulator\"]\n",
        identity.url, members.url
    );
    std::fs::write(&config, text).expect("written");
    let server = Server::start(data.path(), &["serve", "--config", config.to_str().expect("text")]).await;
    let server = server.expect("starts");
    let now = jsonwebtoken::get_current_timestamp();
    let anna = json!({"iss": identity.url, "aud": "veridose-there", "sub": "anna", "exp": now + 300});
    let client = |token: &str| Client::new(server.base(), Some(token)).expect("a token is a header's value");
    let consents = async |token: &str| {
        let page = client(token).get("/consents").await.expect("answers").success().expect("a page");
        page["items"].as_array().expect("a list").len()
    };

    // The identity's name here is its own: a custodian's patient `anna` is somebody else, and so is one of the embedded issuer's.
    let body = json!({ "purpose": "dispense_record" });
    client(&own.honest(&anna)).post("/consents", "hers", &body).await.expect("answers").success().expect("registered");
    let namesake =
        token(data.path(), "patient", &["--patient", "anna", "--party", "harbour-pharmacy"]).expect("a token");
    assert_eq!((consents(&own.honest(&anna)).await, consents(&namesake).await), (1, 0));
    let same =
        token(data.path(), "patient", &["--patient", "eid:anna", "--party", "harbour-pharmacy"]).expect("a token");
    assert_eq!(consents(&same).await, 1, "by the prefixed name");

    let get = async |token: &str| client(token).get("/consents").await.expect("answers").status.as_u16();
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(json!({"alg": "none", "kid": "own"}).to_string()),
        URL_SAFE_NO_PAD.encode(anna.to_string())
    );
    let modulus = own.jwk["n"].as_str().expect("a modulus");
    let shared =
        Key { signer: EncodingKey::from_secret(modulus.as_bytes()), algorithm: Algorithm::HS256, jwk: own.jwk.clone() };
    for (why, token) in [
        ("none", none),
        ("the public key as a secret", shared.sign(&json!({"alg": "HS256", "typ": "JWT", "kid": "own"}), &anna)),
        ("another audience", own.honest(&with(anna.clone(), "aud", json!("a shop")))),
        ("expired", own.honest(&with(anna.clone(), "exp", json!(now - 60)))),
        ("another issuer's key", evil.honest(&anna)),
    ] {
        assert_eq!(get(&token).await, 401, "{why}");
    }
    for (why, token) in [
        ("an issuer of members names a patient", evil.honest(&with(members.claims(), "role", json!("patient")))),
        ("an issuer of patients names a member", own.honest(&with(anna.clone(), "role", json!("regulator")))),
        ("a patient without a name", own.honest(&with(with(anna.clone(), "sub", json!("")), "role", json!("patient")))),
    ] {
        assert_eq!(get(&token).await, 403, "{why}");
    }
}

#[tokio::test]
async fn a_patients_issuer_that_changes_its_keys_is_followed() {
    let (old, new) = (Key::rsa("old"), Key::rsa("new"));
    let issuer = Issuer::start(vec![old.jwk.clone()]).await;
    let data = tempfile::tempdir().expect("temporary directory");
    let config = data.path().join("issuers.toml");
    let text = format!("[[auth.issuers]]\nissuer = \"{}\"\naudience = \"veridose-there\"\n", issuer.url);
    std::fs::write(&config, text).expect("written");
    let arguments = ["serve", "--config", config.to_str().expect("text")];
    let server = Server::start(data.path(), &arguments).await.expect("starts");
    let claims = with(with(issuer.claims(), "role", json!("patient")), "patient", json!("p-1"));
    let get = async |server: &Server, key: &Key| {
        let token = key.honest(&claims);
        let client = Client::new(server.base(), Some(&token)).expect("a token is a header's value");
        client.get("/patients/me/passkeys").await.expect("answers").status.as_u16()
    };
    assert_eq!((get(&server, &old).await, issuer.asked()), (200, 2));
    issuer.rotate(vec![new.jwk.clone()]);
    // An unknown name asks again, at most twice a minute: strangers cannot make the node hammer the issuer.
    assert_eq!((get(&server, &new).await, issuer.asked()), (401, 2));
    server.stop().await.expect("stops");
    let server = Server::start(data.path(), &arguments).await.expect("starts again");
    assert_eq!((get(&server, &new).await, get(&server, &old).await), (200, 401));
}
