//! What every write has in common: who acts, under which key, and whether the node signs or only prepares.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as Stream;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use utoipa::ToSchema;
use veridose_contract::{
    Action, Commitment, Fingerprint, IdempotencyKey, ItemKey, PartyId, Site, Timestamp, TxId, read,
};
use veridose_epcis::model::Event;
use veridose_store::{Payload, Request};

use crate::auth::Caller;
use crate::name::first_half;
use crate::node::{Actor, Done, Node, Unsigned};
use crate::problem::{Kind, Problem};
use crate::trade::{Draft, Plan, record};

/// Longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// A write that somebody asks for.
pub(super) struct Write {
    pub(super) caller: Caller,
    pub(super) actor: Actor,
    key: IdempotencyKey,
    target: String,
    certificate: Option<Fingerprint>,
    node: web::Data<Node>,
}

/// What became of a write.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Committed {
    /// The transaction.
    #[schema(value_type = String)]
    pub(super) tx: TxId,
    /// Its place in the log.
    pub(super) index: u64,
    /// Whether this request had been carried out before; the answer is the first one's.
    pub(super) repeated: bool,
}

/// A transaction to be signed by the organisation itself, as `Prefer: return=unsigned` asks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnsignedTransaction {
    /// Header and body in the canonical encoding, base64.
    transaction: String,
    /// What is signed with ECDSA P-256 over SHA-256, base64.
    signing_input: String,
}

impl From<Done> for Committed {
    fn from(done: Done) -> Self {
        Self { tx: done.tx, index: done.index, repeated: done.repeated }
    }
}

impl FromRequest for Write {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, stream: &mut Stream) -> Self::Future {
        let caller = Caller::from_request(request, stream);
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            let actor = actor(node(&request), &caller)?;
            Self::of(&request, caller, actor)
        })
    }
}

/// The node that serves the request.
pub(super) fn node(request: &HttpRequest) -> &web::Data<Node> {
    request.app_data::<web::Data<Node>>().expect("the application registers it")
}

impl Write {
    /// From a request whose caller and actor are known.
    pub(super) fn of(request: &HttpRequest, caller: Caller, actor: Actor) -> Result<Self, Problem> {
        let target = format!("{} {}", request.method(), request.path());
        let (key, certificate) = (key(request)?, certificate(request)?);
        Ok(Self { caller, actor, key, target, certificate, node: node(request).clone() })
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    /// The client's name for the request; a random one where it gave none.
    pub(super) fn request_key(&self) -> IdempotencyKey {
        self.key
    }

    /// The node, to go on with when the write is done.
    pub(super) fn shared(&self) -> web::Data<Node> {
        self.node.clone()
    }

    /// The same write under a key that what is written gives it: of several such writes with different bodies one happens.
    pub(super) fn once(mut self, name: &str) -> Self {
        self.key = IdempotencyKey(first_half(Sha256::digest(name)));
        self
    }

    /// A name that the same request gets again: for an offer or consent that the request makes.
    pub(super) fn name(&self, what: &str) -> [u8; 16] {
        let hash = Sha256::new().chain_update(what).chain_update(self.actor.party.as_str()).chain_update(self.key.0);
        first_half(hash.finalize())
    }

    /// A plan of one command on one document.
    pub(super) fn plan(
        &self,
        action: Action,
        items: Vec<ItemKey>,
        happened: OffsetDateTime,
        document: Payload,
    ) -> Plan {
        let draft = Draft { action, items, happened: millis(happened), site: self.actor.site, document: 0 };
        let readers = self.node.directory().regulators().iter().cloned().collect();
        Plan { drafts: vec![draft], documents: vec![document], readers, ..Plan::default() }
    }

    /// When it happened: as the request says, or now.
    pub(super) fn happened(&self, said: Option<OffsetDateTime>) -> OffsetDateTime {
        said.unwrap_or_else(|| self.node.clock().date_time())
    }

    /// Carries the plan out and answers with the status and what `answer` makes of the transaction; or, where the client
    /// prefers it, answers with the transaction to be signed.
    pub(super) async fn carry_out<B: Serialize, A: Serialize>(
        self,
        body: &B,
        plan: Plan,
        status: StatusCode,
        answer: impl FnOnce(Committed) -> A,
    ) -> Result<HttpResponse, Problem> {
        let request = Request { key: self.key, sha256: self.digest(body) };
        if let Some(certificate) = self.certificate {
            let unsigned = self.node.unsigned(&self.actor, &plan, request, certificate).await?;
            return Ok(HttpResponse::Ok()
                .insert_header(("Preference-Applied", "return=unsigned"))
                .json(show(&unsigned)));
        }
        let done = self.node.act(&self.actor, &plan, request).await?;
        Ok(HttpResponse::build(status).json(answer(done.into())))
    }

    /// Carries the plan out, signed by the node, and gives the commitments to its documents.
    pub(super) async fn done<B: Serialize>(self, body: &B, plan: &Plan) -> Result<(Done, Vec<Commitment>), Problem> {
        if self.certificate.is_some() {
            return Err(Problem::new(Kind::BadRequest, "this is signed by the node: leave return=unsigned out"));
        }
        let request = Request { key: self.key, sha256: self.digest(body) };
        let done = self.node.act(&self.actor, plan, request).await?;
        Ok((done, self.sealed_before().await?))
    }

    /// What was sealed for the same request before.
    pub(super) async fn sealed_before(&self) -> Result<Vec<Commitment>, Problem> {
        Ok(self.node.store().vault.sealed(&self.actor.party, &self.key).await?)
    }

    /// What the request asks, so that its key cannot stand for another request.
    fn digest<B: Serialize>(&self, body: &B) -> [u8; 32] {
        let body = serde_json::to_vec(body).expect("a body that was parsed from JSON is written as JSON");
        Sha256::new().chain_update(&self.target).chain_update([0]).chain_update(body).finalize().into()
    }
}

pub(super) fn show(unsigned: &Unsigned) -> UnsignedTransaction {
    let bytes = borsh::to_vec(&(&unsigned.header, &unsigned.body)).expect("a Vec takes all");
    UnsignedTransaction {
        transaction: BASE64.encode(bytes),
        signing_input: BASE64.encode(unsigned.header.signing_bytes()),
    }
}

/// For whom the caller acts: role and sites are those on the ledger, whatever the token says.
pub(crate) fn actor(node: &Node, caller: &Caller) -> Result<Actor, Problem> {
    let party = caller.party()?;
    member(node, party, caller.site)
}

/// A member as an actor at a site; at its only one where none is named.
pub(super) fn member(node: &Node, party: &PartyId, site: Option<Site>) -> Result<Actor, Problem> {
    let Some(record) = read::party(&node.ledger().state(), party)? else {
        return Err(Problem::new(Kind::Forbidden, format!("{party} is no member of this network")));
    };
    let only = if let [only] = record.party.sites.as_slice() { Some(*only) } else { None };
    Ok(Actor { party: party.clone(), role: record.party.role, site: site.or(only) })
}

fn key(request: &HttpRequest) -> Result<IdempotencyKey, Problem> {
    Ok(given_key(request)?.unwrap_or_else(|| IdempotencyKey(*uuid::Uuid::new_v4().as_bytes())))
}

/// The key that the client gave, if it gave one.
pub(super) fn given_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(header) = request.headers().get("idempotency-key") else { return Ok(None) };
    let text = header.to_str().ok().filter(|text| !text.is_empty() && text.len() <= KEY_BYTES_MAX);
    let text = text
        .ok_or_else(|| Problem::new(Kind::BadRequest, "the Idempotency-Key has 1 to 255 visible ASCII characters"))?;
    Ok(Some(IdempotencyKey(first_half(Sha256::digest(text)))))
}

/// The certificate that the organisation will sign with on its own side, where it prefers to.
fn certificate(request: &HttpRequest) -> Result<Option<Fingerprint>, Problem> {
    let prefers = request.headers().get("prefer").and_then(|value| value.to_str().ok());
    if !prefers.is_some_and(|value| value.split(',').any(|item| item.trim() == "return=unsigned")) {
        return Ok(None);
    }
    let named = request.headers().get("veridose-certificate").and_then(|value| value.to_str().ok());
    let named = named.and_then(|text| Fingerprint::parse(text).ok());
    named.map(Some).ok_or_else(|| {
        let detail = "with Prefer: return=unsigned, name the certificate you will sign with in Veridose-Certificate";
        Problem::new(Kind::BadRequest, detail)
    })
}

/// A document that is an EPCIS event.
pub(super) fn document(event: &Event) -> Payload {
    Payload::Event(record::json(event))
}

pub(super) fn millis(at: OffsetDateTime) -> Timestamp {
    Timestamp(at.unix_timestamp().saturating_mul(1_000).saturating_add(i64::from(at.millisecond())))
}

/// The headers that every write takes.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // It only describes.
pub(super) struct WriteHeaders {
    /// The client's own name for the request: sent again, it gets the first answer and nothing happens twice.
    #[param(rename = "Idempotency-Key", max_length = 255)]
    idempotency_key: Option<String>,
    /// `return=unsigned`: nothing is done, and the transaction to be signed comes back.
    #[param(rename = "Prefer")]
    prefer: Option<String>,
    /// With `return=unsigned`: the fingerprint of the certificate that will sign.
    #[param(rename = "Veridose-Certificate")]
    certificate: Option<String>,
}
