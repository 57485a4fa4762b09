//! Versions of a study's documents: anchored, signed, and found by their file.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::record::{Mark, SignatureRecord, VersionRecord};
use veridose_contract::{
    Action, Commitment, ContentKey, DocumentId, DocumentKind, Fingerprint, PartyId, SignatureMeaning, StudyDocument,
    StudyId, StudyStep, Timestamp, TxId, read,
};
use veridose_store::payload::{Signature, StudyVersion};
use veridose_store::{Opened, Page, Payload, StudyVersionRow};

use super::super::lists::{List, Paging, list};
use super::super::refusals::Refusals;
use super::super::write::{Committed, Write, WriteHeaders, actor, node};
use super::{TITLE_MAX, mine, missing, named};
use crate::auth::Caller;
use crate::name::first_half;
use crate::node::Node;
use crate::problem::Problem;

/// Longest word beside a version or a signature, in characters.
const NOTE_MAX: usize = 2_000;

/// A version of a document. The file stays with the caller; its SHA-256 is enough.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct NewVersion {
    /// What the document is called in the study, the same for all its versions: `protocol`, `crf/visit-3/site-2`. 1 to 200
    /// characters. It names no participant.
    #[schema(example = "protocol")]
    document: String,
    /// What kind of document it is; `protocol` and `consent_form` are the sponsor's.
    #[schema(value_type = String, example = "protocol")]
    kind: DocumentKind,
    /// 1, then one more for each amendment.
    version: u32,
    /// SHA-256 of the file, 64 hexadecimal digits.
    sha256: String,
    /// The document's title.
    title: String,
    /// What changed, for people.
    #[serde(default)]
    note: String,
}

/// A version that was anchored.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct Anchored {
    /// The document, the same for all its versions.
    #[schema(value_type = String)]
    document: DocumentId,
    /// The version.
    version: u32,
    /// The blinded hash of the file.
    #[schema(value_type = String)]
    content: ContentKey,
    #[serde(flatten)]
    committed: Committed,
}

/// Anchors a version of a document. Versions follow each other without a gap; none is ever replaced.
#[utoipa::path(
    tag = "studies",
    params(("study" = String, Path, description = "Name or number of the study"), WriteHeaders),
    responses((status = 201, description = "Anchored", body = Anchored), Refusals)
)]
#[post("/studies/{study}/documents")]
pub(in crate::routes) async fn anchor(
    write: Write,
    path: web::Path<String>,
    body: web::Json<NewVersion>,
) -> Result<HttpResponse, Problem> {
    let study = named(&path)?;
    Problem::check_length("title", &body.title, 1..=TITLE_MAX)?;
    Problem::check_length("note", &body.note, 0..=NOTE_MAX)?;
    let document = document(&study, &body.document)?;
    let (sha256, content) = content(write.node(), &body.sha256)?;
    let step = StudyStep::Anchor(StudyDocument { document, kind: body.kind, version: body.version, content });
    let words = StudyVersion { sha256, title: body.title.clone(), note: body.note.clone() };
    let mut plan =
        write.plan(Action::MoveStudy { study, step }, Vec::new(), write.happened(None), Payload::StudyVersion(words));
    plan.readers.extend(part_of(write.node(), &study)?);
    let version = body.version;
    write
        .carry_out(&*body, plan, StatusCode::CREATED, |committed| Anchored { document, version, content, committed })
        .await
}

/// A signature under a version (21 CFR 11.50).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct NewSignature {
    /// SHA-256 of the file that is signed, 64 hexadecimal digits.
    sha256: String,
    /// What the signature means: `authorship`, `review`, `approval` or `responsibility`.
    #[schema(value_type = String, example = "approval")]
    meaning: SignatureMeaning,
    /// The signer's name, as printed.
    name: String,
    /// Words beside it, for people.
    #[serde(default)]
    note: String,
}

/// Signs the current version of a document with the certificate that the caller acts with. With `Prefer: return=unsigned` the
/// signer's own certificate signs.
#[utoipa::path(
    tag = "studies",
    params(("study" = String, Path, description = "Name or number of the study"), WriteHeaders),
    responses((status = 201, description = "Signed", body = Committed), Refusals)
)]
#[post("/studies/{study}/signatures")]
pub(in crate::routes) async fn sign(
    write: Write,
    path: web::Path<String>,
    body: web::Json<NewSignature>,
) -> Result<HttpResponse, Problem> {
    let study = named(&path)?;
    Problem::check_length("name", &body.name, 1..=TITLE_MAX)?;
    Problem::check_length("note", &body.note, 0..=NOTE_MAX)?;
    let (_, content) = content(write.node(), &body.sha256)?;
    let words = Payload::Signature(Signature { name: body.name.clone(), note: body.note.clone() });
    let action = Action::MoveStudy { study, step: StudyStep::Sign { content, meaning: body.meaning } };
    let mut plan = write.plan(action, Vec::new(), write.happened(None), words);
    plan.readers.extend(part_of(write.node(), &study)?);
    write.carry_out(&*body, plan, StatusCode::CREATED, |committed| committed).await
}

/// Versions of a study's documents, latest first.
#[utoipa::path(
    tag = "studies",
    params(("study" = String, Path, description = "Name or number of the study"), Paging),
    responses((status = 200, description = "Versions", body = List<Listed>), Refusals)
)]
#[get("/studies/{study}/documents")]
pub(in crate::routes) async fn documents(
    request: HttpRequest,
    caller: Caller,
    path: web::Path<String>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let node = node(&request);
    let (actor, study) = mine(node, &caller, &path).await?;
    let page = node.store().queries.study_versions(&study.study, &paging.request()).await?;
    let commitments: Vec<_> = page.items.iter().map(|row| row.commitment).collect();
    let opened = node.store().vault.open_many(&commitments, &actor.party).await?;
    let items = page.items.into_iter().zip(opened).map(|(row, opened)| Listed { row, words: words(opened) }).collect();
    Ok(list(&request, Page { items, next: page.next }))
}

/// A version as a list shows it.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentListed)]
pub(in crate::routes) struct Listed {
    #[serde(flatten)]
    row: StudyVersionRow,
    /// What it is called; nothing for who became part of the study later.
    #[serde(flatten)]
    words: Option<StudyVersion>,
}

/// What is known of a file.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentFound)]
pub(in crate::routes) struct Found {
    /// SHA-256 of the file, in hexadecimal.
    sha256: String,
    /// Its key on the ledger: SHA-256 over the hexadecimal hash and the blinding value's 32 bytes.
    #[schema(value_type = String)]
    content: ContentKey,
    /// The blinding value, in hexadecimal.
    t: String,
    /// What it is a version of, earliest first; a file may be part of several studies.
    versions: Vec<Known>,
}

/// A version as it stands on the ledger.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct Known {
    /// The study.
    #[schema(value_type = String)]
    study: StudyId,
    /// The document.
    #[schema(value_type = String)]
    document: DocumentId,
    /// What kind of document it is.
    #[schema(value_type = String)]
    kind: DocumentKind,
    /// Its number.
    version: u32,
    /// The document's current version: a greater one means that this one was amended.
    current_version: u32,
    /// What the version before consisted of.
    #[schema(value_type = Option<String>)]
    previous: Option<ContentKey>,
    /// Who anchored it.
    anchored: Act,
    /// Who signed it, in order.
    signatures: Vec<Signed>,
}

/// Who did something, and when.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct Act {
    /// The party.
    #[schema(value_type = String)]
    by: PartyId,
    /// The certificate that signed the transaction.
    #[schema(value_type = String)]
    certificate: Fingerprint,
    /// When, as the party says.
    #[schema(value_type = i64)]
    happened: Timestamp,
    /// When, by the ledger.
    #[schema(value_type = i64)]
    recorded: Timestamp,
    /// The transaction; its receipt proves it.
    #[schema(value_type = String)]
    tx: TxId,
}

/// A signature.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentSigned)]
pub(in crate::routes) struct Signed {
    #[serde(flatten)]
    act: Act,
    /// What it means.
    #[schema(value_type = String)]
    meaning: SignatureMeaning,
    /// The signer's name, for who is part of the study.
    name: Option<String>,
}

/// Who anchored a file, when, whether it was amended since, and who signed it. Whoever has the file may ask.
#[utoipa::path(
    tag = "studies",
    params(("sha256" = String, Path, description = "SHA-256 of the file, 64 hexadecimal digits")),
    responses((status = 200, description = "What the file is", body = Found), Refusals)
)]
#[get("/documents/{sha256}")]
pub(in crate::routes) async fn find(
    caller: Caller,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (sha256, content) = content(&node, &path)?;
    node.caught_up().await;
    let party = actor(&node, &caller)?.party;
    let rows = node.store().queries.versions_of_file(&content).await?;
    if rows.is_empty() {
        return Err(Problem::not_found("document of these contents"));
    }
    let mut versions = Vec::with_capacity(rows.len());
    for row in rows {
        versions.push(version(&node, &party, &row).await?);
    }
    let t = hex::encode(node.network_key().blind(&sha256));
    Ok(HttpResponse::Ok().json(Found { sha256, content, t, versions }))
}

async fn version(node: &Node, party: &PartyId, row: &StudyVersionRow) -> Result<Known, Problem> {
    let ledger = node.ledger().state();
    let absent = || Problem::internal(format!("the view names contents {} that the ledger does not", row.content));
    let record = read::version(&ledger, &row.study, &row.content)?.ok_or_else(absent)?;
    let current = read::document(&ledger, &row.study, &record.document)?.ok_or_else(absent)?;
    let commitments: Vec<Commitment> = record.signatures.iter().map(|signature| signature.payload).collect();
    let names = node.store().vault.open_many(&commitments, party).await?.into_iter().map(|opened| match opened {
        Opened::Document(Payload::Signature(signature)) => Some(signature.name),
        Opened::Document(_) | Opened::Erased | Opened::NotYours | Opened::NotFound => None,
    });
    let VersionRecord { document, kind, version, by, recorded, certificate, previous, tx, signatures, .. } = record;
    let signatures = signatures.into_iter().zip(names).map(|(signature, name)| signed(signature, name)).collect();
    let anchored = act(by, recorded, certificate, tx);
    let current_version = current.version;
    Ok(Known { study: row.study, document, kind, version, current_version, previous, anchored, signatures })
}

fn signed(signature: SignatureRecord, name: Option<String>) -> Signed {
    let SignatureRecord { by, recorded, certificate, meaning, tx, payload: _ } = signature;
    Signed { act: act(by, recorded, certificate, tx), meaning, name }
}

fn act(by: Mark, recorded: Timestamp, certificate: Fingerprint, tx: TxId) -> Act {
    Act { by: by.by, certificate, happened: by.since, recorded, tx }
}

fn words(opened: Opened) -> Option<StudyVersion> {
    if let Opened::Document(Payload::StudyVersion(words)) = opened { Some(words) } else { None }
}

/// The sponsor and the sites: who may read what is said in the study.
fn part_of(node: &Node, study: &StudyId) -> Result<Vec<PartyId>, Problem> {
    let record = read::study(&node.ledger().state(), study)?.ok_or_else(missing)?;
    Ok(record.sites.into_iter().chain([record.sponsor.by]).collect())
}

/// A document's name on the ledger: the first half of the SHA-256 over study and name.
fn document(study: &StudyId, name: &str) -> Result<DocumentId, Problem> {
    use sha2::{Digest as _, Sha256};
    if !(1..=200).contains(&name.chars().count()) {
        return Err(Problem::field("document", "give the document's name in the study, 1 to 200 characters"));
    }
    Ok(DocumentId(first_half(Sha256::new().chain_update(study.as_bytes()).chain_update(name).finalize())))
}

/// The hash in one form, and the key of the file on the ledger.
fn content(node: &Node, sha256: &str) -> Result<(String, ContentKey), Problem> {
    let sha256 = sha256.to_ascii_lowercase();
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Problem::field("sha256", "give the SHA-256 of the file as 64 hexadecimal digits"));
    }
    let key = node.network_key().content(&sha256);
    Ok((sha256, key))
}
