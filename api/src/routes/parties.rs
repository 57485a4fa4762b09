//! Members: who they are, and how another comes in.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{Action, Party, PartyId, Role, Site, read};
use veridose_ledger::{pki, signer};
use veridose_store::payload::Note;
use veridose_store::{PartyRow, Payload};

use super::lists::{List, Paging, list, viewer};
use super::refusals::Refusals;
use super::write::{self, Committed, UnsignedTransaction, Write, WriteHeaders, actor};
use crate::auth::Caller;
use crate::body::Whole;
use crate::node::{Node, Unsigned, registering};
use crate::problem::{Kind, Problem};

/// A member to be admitted: proposed by the first that says so, approved by the next in the same words.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Admission {
    /// Short name, a-z, 0-9 and hyphens.
    #[schema(value_type = String, example = "corner-pharmacy")]
    id: PartyId,
    /// Name in full.
    name: String,
    /// `manufacturer`, `distributor`, `pharmacy` or `regulator`.
    #[schema(value_type = String, example = "pharmacy")]
    role: Role,
    /// Its sites (GLN), the main one first.
    #[schema(value_type = Vec<u64>)]
    sites: Vec<Site>,
    /// The certificate of its certificate authority, PEM.
    authority: String,
}

/// Proposes a member, or approves one that was proposed in the same words.
#[utoipa::path(
    tag = "parties",
    params(WriteHeaders),
    responses((status = 201, description = "Proposed or approved", body = Committed), Refusals)
)]
#[post("/parties")]
pub(super) async fn admit(write: Write, body: web::Json<Admission>) -> Result<HttpResponse, Problem> {
    let ca_der = pki::parse_pem(&body.authority).map_err(|error| Problem::field("authority", error))?;
    pki::AuthorityCertificate::parse(&ca_der).map_err(|error| Problem::field("authority", error))?;
    let party = Party {
        id: body.id.clone(),
        name: body.name.clone(),
        role: body.role,
        sites: body.sites.clone(),
        ca: pki::fingerprint(&ca_der),
        ca_der,
    };
    let note = Payload::Note(Note::new(format!("admission of {}", body.id)));
    let plan = write.plan(Action::Admit(party), Vec::new(), write.happened(None), note);
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}

/// Every member and proposed member: the members know each other.
#[utoipa::path(
    tag = "parties",
    params(Paging),
    responses((status = 200, description = "Members", body = List<PartyRow>), Refusals)
)]
#[get("/parties")]
pub(super) async fn index(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    viewer(&node, &caller).await?;
    Ok(list(&request, node.store().queries.parties(&paging.request()).await?))
}

/// One member.
#[utoipa::path(
    tag = "parties",
    params(("id" = String, Path, description = "Short name")),
    responses((status = 200, description = "The member", body = PartyRow), Refusals)
)]
#[get("/parties/{id}")]
pub(super) async fn show(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    viewer(&node, &caller).await?;
    let id = PartyId::parse(&path).map_err(|_| Problem::not_found("party"))?;
    let found = node.store().queries.party(&id).await?;
    found.map(|row| HttpResponse::Ok().json(row)).ok_or_else(|| Problem::not_found("party"))
}

/// Prepares the registration of a certificate that the organisation's authority issued. The certificate registers itself:
/// sign the answer with its own key (`veridose sign` does) and post it to `/transactions`.
#[utoipa::path(
    tag = "parties",
    params(("id" = String, Path, description = "Short name; the caller's own")),
    request_body(
        content((String = "application/octet-stream"), (String = "text/plain")),
        description = "The certificate: DER (also as application/pkix-cert), or PEM as text (also as application/x-pem-file)"
    ),
    responses((status = 200, description = "The transaction to be signed", body = UnsignedTransaction), Refusals)
)]
#[post("/parties/{id}/certificates")]
pub(super) async fn prepare_certificate(
    request: HttpRequest,
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
    Whole(body): Whole,
) -> Result<HttpResponse, Problem> {
    let actor = actor(&node, &caller)?;
    if *path != *actor.party.as_str() {
        return Err(Problem::new(Kind::Forbidden, "a member registers its own certificates only"));
    }
    let (der, state) = (der(&request, &body)?, node.ledger().state());
    let record = read::party(&state, &actor.party)?.ok_or_else(|| Problem::not_found("party"))?;
    let authority = pki::AuthorityCertificate::parse(&record.party.ca_der).map_err(Problem::internal)?;
    let checked = pki::check(&der, &authority, &actor.party).map_err(|error| Problem::field("certificate", error))?;
    let creator = checked.certificate.fingerprint;
    if read::certificate(&state, &creator)?.is_some() {
        return Err(Problem::new(Kind::Conflict, format!("the certificate {creator} is registered already")));
    }
    let now = node.clock().now();
    let (key, command) = registering(checked.certificate, now);
    let (header, body) = signer::unsigned(node.network().id, creator, key, now, vec![command]);
    Ok(HttpResponse::Ok().json(write::show(&Unsigned { header, body })))
}

/// The certificate in the body, as DER.
fn der(request: &HttpRequest, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let media = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match media.split(';').next().unwrap_or_default().trim() {
        "application/pkix-cert" | "application/octet-stream" => Ok(body.to_vec()),
        "application/x-pem-file" | "text/plain" => {
            let text = std::str::from_utf8(body).map_err(|error| Problem::field("certificate", error))?;
            pki::parse_pem(text).map_err(|error| Problem::field("certificate", error))
        }
        _ => {
            let detail = "send the certificate as application/pkix-cert (DER) or application/x-pem-file";
            Err(Problem::new(Kind::UnsupportedMedia, detail))
        }
    }
}
