//! Consents of patients: registered and revoked by the patient or by who keeps them; the ledger sees a salted hash.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as Stream;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post, put, web};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use veridose_contract::{
    Action, Commitment, Consent, ConsentId, CredentialKind, DataForm, DataKind, PartyId, Purpose, SignedBy, read,
};
use veridose_fhir::consent::{Terms, Whose};
use veridose_store::payload::{ConsentDocument, Note, RevocationDocument};
use veridose_store::{ConsentRow, Disclosed, Opened, Page, Payload, Viewer};

use super::lists::{List, Paging, list, viewer_of};
use super::refusals::Refusals;
use super::write::{Committed, Write, WriteHeaders, actor, member, millis, node};
use crate::access::record_consents;
use crate::auth::{Caller, Role};
use crate::config::Patients;
use crate::node::{Actor, Node, date_time};
use crate::passkey::proof::{ConsentProof, VersionProof};
use crate::problem::{Kind, Problem};
use crate::trade::Plan;

/// Documents that are looked through at once.
const DOCUMENTS_AT_ONCE: usize = 1_000;

/// Who asks about consents, and who keeps them: the caller's party, or for a patient the one that its token or the
/// configuration names.
pub(crate) struct Keeper {
    pub(super) caller: Caller,
    pub(super) actor: Actor,
}

impl FromRequest for Keeper {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, stream: &mut Stream) -> Self::Future {
        let caller = Caller::from_request(request, stream);
        let request = request.clone();
        Box::pin(async move { Self::of(&request, caller.await?).await })
    }
}

impl Keeper {
    /// For a caller who is known.
    pub(crate) async fn of(request: &HttpRequest, caller: Caller) -> Result<Self, Problem> {
        let node = node(request);
        node.caught_up().await;
        if caller.role != Role::Patient {
            return Ok(Self { actor: actor(node, &caller)?, caller });
        }
        let patients = request.app_data::<web::Data<Patients>>().expect("the application registers it");
        let custodian = caller.party.as_ref().or(patients.custodian.as_ref());
        let custodian =
            custodian.ok_or_else(|| Problem::new(Kind::Forbidden, "nobody here keeps patients' consents"))?;
        Ok(Self { actor: member(node, custodian, None)?, caller })
    }

    /// Who keeps the consents.
    pub(crate) fn custodian(&self) -> &PartyId {
        &self.actor.party
    }

    pub(super) fn write(self, request: &HttpRequest) -> Result<Write, Problem> {
        Write::of(request, self.caller, self.actor)
    }
}

/// A consent to be registered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConsent {
    /// How the patient is called by whoever keeps the consent; a patient's own token says it. It never leaves the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    patient: Option<String>,
    /// `dispense_record`, `care`, `study:` and the study's number in its registry, `study_kind:` and `interventional`,
    /// `observational` or `expanded_access`, `public_health_research`, `model_training` or `marketplace`.
    #[schema(value_type = String, example = "dispense_record")]
    purpose: Purpose,
    /// Which data: `dispense`, `prescription`, `demographics`, `laboratory`, `genomics`. May be left out only for
    /// `dispense_record`, which is about the dispense.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    data: Vec<DataKind>,
    /// In the most telling form in which they may be given: `aggregated`, `de_identified` or `full`. Where nothing is said,
    /// the most telling one that the purpose allows: `full` for `dispense_record` and `care`, `aggregated` for
    /// `public_health_research`, `de_identified` for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    form: Option<DataForm>,
    /// To whom; any member that the purpose fits, where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    grantee: Option<PartyId>,
    /// What the person who asks must be shown to be: `clinician` or `researcher`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    credential: Option<CredentialKind>,
    /// From when; now where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    /// Until when, excluded; open where nothing is said.
    #[serde(default, with = "time::serde::rfc3339::option")]
    until: Option<OffsetDateTime>,
    /// The words that the patient agreed to, or the FHIR Consent resource.
    #[serde(default)]
    terms: serde_json::Value,
}

impl NewConsent {
    /// What a patient chose on a page; `terms` are the words that were shown.
    pub(crate) fn chosen(
        purpose: Purpose,
        data: Vec<DataKind>,
        grantee: Option<PartyId>,
        until: Option<OffsetDateTime>,
        terms: serde_json::Value,
    ) -> Self {
        Self { patient: None, purpose, data, form: None, grantee, credential: None, from: None, until, terms }
    }

    /// What a FHIR resource says.
    pub(super) fn from_terms(terms: &Terms, resource: serde_json::Value) -> Self {
        Self {
            patient: None,
            purpose: terms.purpose,
            data: terms.data.clone(),
            form: terms.form,
            grantee: terms.grantee.clone(),
            credential: terms.credential,
            from: terms.from.map(date_time),
            until: terms.until.map(date_time),
            terms: resource,
        }
    }

    /// What the plan of a registration puts on the ledger.
    pub(super) fn held(plan: &Plan) -> Option<Terms> {
        let Action::RegisterConsent(consent) = &plan.drafts.first()?.action else { return None };
        Some(Terms {
            whose: Whose::Unsaid,
            purpose: consent.purpose,
            data: consent.data.clone(),
            form: Some(consent.form),
            grantee: consent.grantee.clone(),
            credential: consent.credential,
            from: Some(consent.from),
            until: consent.until,
        })
    }

    /// Refused where it names another patient than the one whose consent it is.
    pub(super) fn check_patient(&self, own: &str) -> Result<(), Problem> {
        if self.patient.as_ref().is_some_and(|named| named != own) {
            return Err(Problem::field("patient", "the consent is another patient's"));
        }
        Ok(())
    }

    /// The name that the consent will have, and what registers it.
    pub(super) fn registration(&self, write: &Write, patient: String, by: SignedBy) -> (ConsentId, Plan) {
        let id = ConsentId(write.name("consent"));
        let (consent, document) = self.made(write, (id, 1), (patient, Uuid::new_v4()), by);
        (id, planned(write, Action::RegisterConsent(consent), document))
    }

    /// What makes of it the next version of a consent.
    pub(super) async fn amendment(
        &self,
        write: &Write,
        id: ConsentId,
        version: u32,
        by: SignedBy,
    ) -> Result<Plan, Problem> {
        let before = own(write, &id).await?;
        self.check_patient(&before.patient)?;
        let next = (id, version.saturating_add(1));
        let (consent, document) = self.made(write, next, (before.patient, before.salt), by);
        Ok(planned(write, Action::AmendConsent { consent, version }, document))
    }

    /// A version of the consent for the ledger, and the document that says so; `salt` hides the patient's name.
    fn made(
        &self,
        write: &Write,
        (id, version): (ConsentId, u32),
        (patient, salt): (String, Uuid),
        signed_by: SignedBy,
    ) -> (Consent, ConsentDocument) {
        let (purpose, terms) = (self.purpose, self.terms.clone());
        let mut data = self.data.clone();
        if data.is_empty() && purpose == Purpose::DispenseRecord {
            data.push(DataKind::Dispense);
        }
        data.sort_unstable();
        data.dedup();
        let form = self.form.unwrap_or_else(|| purpose.form_max());
        let (from, until) = (millis(write.happened(self.from)), self.until.map(millis));
        let document = ConsentDocument {
            consent: id,
            version,
            custodian: write.actor.party.clone(),
            patient,
            salt,
            purpose,
            data: data.clone(),
            form,
            from,
            until,
            terms,
            signature: None,
        };
        let (grantee, credential) = (self.grantee.clone(), self.credential);
        let subject = document.subject();
        (Consent { id, subject, purpose, data, form, grantee, credential, from, until, signed_by }, document)
    }
}

/// A plan on a consent's document, which only its keeper reads, and which lies under the patient's key.
fn planned(write: &Write, action: Action, document: ConsentDocument) -> Plan {
    let patient = document.patient.clone();
    let mut plan = write.plan(action, Vec::new(), write.happened(None), Payload::Consent(document));
    plan.patient = Some(patient);
    plan.readers.clear();
    plan
}

/// A consent that was registered.
#[derive(Serialize, ToSchema)]
#[schema(as = ConsentRegistered)]
pub(super) struct Registered {
    /// Its name.
    #[schema(value_type = String)]
    pub(super) consent: ConsentId,
    /// Its version now.
    pub(super) version: u32,
    #[serde(flatten)]
    pub(super) committed: Committed,
}

/// Registers a consent on the custodian's word that the patient gave it; with the patient's own signature: `/patients/me/signatures`.
#[utoipa::path(
    tag = "consents",
    params(WriteHeaders),
    responses((status = 201, description = "Registered", body = Registered), Refusals)
)]
#[post("/consents")]
pub(super) async fn register(
    keeper: Keeper,
    request: HttpRequest,
    body: web::Json<NewConsent>,
) -> Result<HttpResponse, Problem> {
    let patient = patient(&keeper.caller, body.patient.as_deref())?;
    let write = keeper.write(&request)?;
    let (id, plan) = body.registration(&write, patient, SignedBy::Custodian);
    write
        .carry_out(&*body, plan, StatusCode::CREATED, |committed| Registered { consent: id, version: 1, committed })
        .await
}

/// Whose consent it is: a patient speaks for itself only, a party for the patients it keeps consents of.
fn patient(caller: &Caller, named: Option<&str>) -> Result<String, Problem> {
    match (caller.role, &caller.patient, named) {
        (Role::Patient, Some(own), None) => Ok(own.clone()),
        (Role::Patient, Some(own), Some(named)) if own == named => Ok(own.clone()),
        (Role::Patient, _, _) => Err(Problem::new(Kind::Forbidden, "a patient speaks for itself only")),
        (_, _, Some(named)) if !named.is_empty() => Ok(named.to_owned()),
        (_, _, _) => Err(Problem::field("patient", "say whose consent it is")),
    }
}

/// What is amended.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Amended {
    /// The version that the body replaces.
    version: u32,
}

/// Amends a consent: the body is its next version, which holds from the next request on. Whose it is and what for must stay.
#[utoipa::path(
    tag = "consents",
    params(("id" = String, Path, description = "Name of the consent"), Amended, WriteHeaders),
    responses((status = 200, description = "Amended", body = Registered), Refusals)
)]
#[put("/consents/{id}")]
pub(super) async fn amend(
    keeper: Keeper,
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<Amended>,
    body: web::Json<NewConsent>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("consent");
    let id = ConsentId::parse(&path).map_err(|_| missing())?;
    let write = keeper.write(&request)?;
    let plan = body.amendment(&write, id, query.version, SignedBy::Custodian).await?;
    let version = query.version.saturating_add(1);
    write
        .carry_out(&(version, &*body), plan, StatusCode::OK, |committed| Registered { consent: id, version, committed })
        .await
}

/// The version that is revoked.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revocation {
    /// The current version.
    pub(super) version: u32,
}

impl Revocation {
    /// What revokes the consent on the custodian's word; a patient's own alone, for a patient.
    pub(super) async fn witnessed(&self, write: &Write, consent: ConsentId) -> Result<Plan, Problem> {
        if write.caller.role == Role::Patient {
            own(write, &consent).await?;
        }
        let action = Action::RevokeConsent { consent, version: self.version, signed_by: SignedBy::Custodian };
        let note = Payload::Note(Note::new("revoked".into()));
        Ok(write.plan(action, Vec::new(), write.happened(None), note))
    }

    /// What revokes the consent by the patient's own signature.
    pub(super) async fn plan(&self, write: &Write, consent: ConsentId) -> Result<Plan, Problem> {
        let before = own(write, &consent).await?;
        let document = RevocationDocument {
            consent,
            version: self.version.saturating_add(1),
            custodian: write.actor.party.clone(),
            subject: before.subject(),
            signature: None,
        };
        let action = Action::RevokeConsent { consent, version: self.version, signed_by: SignedBy::Patient };
        Ok(write.plan(action, Vec::new(), write.happened(None), Payload::Revocation(document)))
    }
}

/// Revokes a consent: at once, and for good.
#[utoipa::path(
    tag = "consents",
    params(("id" = String, Path, description = "Name of the consent"), WriteHeaders),
    responses((status = 200, description = "Revoked", body = Committed), Refusals)
)]
#[post("/consents/{id}/revoke")]
pub(super) async fn revoke(
    keeper: Keeper,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<Revocation>,
) -> Result<HttpResponse, Problem> {
    let consent = ConsentId::parse(&path).map_err(|_| Problem::not_found("consent"))?;
    let write = keeper.write(&request)?;
    let plan = body.witnessed(&write, consent).await?;
    write.carry_out(&*body, plan, StatusCode::OK, |committed| committed).await
}

/// What a consent says, for who keeps it or whose it is; refused to others, another patient too, in the words for one that
/// does not exist.
async fn own(write: &Write, consent: &ConsentId) -> Result<ConsentDocument, Problem> {
    let missing = || Problem::not_found("consent");
    let known = read::consent(&write.node().ledger().state(), consent)?.ok_or_else(missing)?;
    let row = row(write.node(), &known.custodian, consent).await?.ok_or_else(missing)?;
    let mut found = opened(write.node(), &write.actor.party, &write.caller, vec![row]).await?;
    found.pop().and_then(|(_, document)| document).ok_or_else(missing)
}

/// A consent and what it says, for who keeps it or whose it is.
pub(super) async fn found(
    node: &Node,
    keeper: &Keeper,
    consent: &ConsentId,
) -> Result<Option<(ConsentRow, ConsentDocument)>, Problem> {
    let Some(row) = row(node, &keeper.actor.party, consent).await? else { return Ok(None) };
    let found = opened(node, &keeper.actor.party, &keeper.caller, vec![row]).await?.pop();
    Ok(found.and_then(|(row, document)| Some((row, document?))))
}

async fn row(node: &Node, custodian: &PartyId, consent: &ConsentId) -> Result<Option<ConsentRow>, Problem> {
    Ok(node.store().queries.consent(&Viewer::Party(custodian.clone()), consent).await?)
}

/// Those of the rows that are of the calling patient, by their documents; all of them for another caller.
async fn of_patient(
    node: &Node,
    custodian: &PartyId,
    caller: &Caller,
    rows: Vec<ConsentRow>,
) -> Result<Vec<ConsentRow>, Problem> {
    if caller.role != Role::Patient {
        return Ok(rows);
    }
    Ok(opened(node, custodian, caller, rows).await?.into_iter().map(|(row, _)| row).collect())
}

/// The rows with their documents, as far as the custodian can open them; for a patient only its own.
async fn opened(
    node: &Node,
    custodian: &PartyId,
    caller: &Caller,
    rows: Vec<ConsentRow>,
) -> Result<Vec<(ConsentRow, Option<ConsentDocument>)>, Problem> {
    let commitments: Vec<_> = rows.iter().map(|row| row.commitment).collect();
    let documents =
        node.store().vault.open_many(&commitments, custodian).await?.into_iter().map(|opened| match opened {
            Opened::Document(Payload::Consent(document)) => Some(document),
            Opened::Document(_) | Opened::Erased | Opened::NotYours | Opened::NotFound => None,
        });
    let is_own = |document: &Option<ConsentDocument>| {
        caller.role != Role::Patient
            || document.as_ref().is_some_and(|document| Some(&document.patient) == caller.patient.as_ref())
    };
    Ok(rows.into_iter().zip(documents).filter(|(_, document)| is_own(document)).collect())
}

/// The consents that the caller keeps; a patient's own, for a patient.
#[utoipa::path(
    tag = "consents",
    params(Paging),
    responses((status = 200, description = "Consents", body = List<ConsentRow>), Refusals)
)]
#[get("/consents")]
pub(super) async fn index(
    request: HttpRequest,
    keeper: Keeper,
    node: web::Data<Node>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    node.ledger().check_fresh()?;
    let custodian = &keeper.actor.party;
    let page = node.store().queries.consents(custodian, &paging.request()).await?;
    let items = of_patient(&node, custodian, &keeper.caller, page.items).await?;
    let documents: Vec<_> = items.iter().map(|row| row.commitment).collect();
    record_consents(&node, &keeper.caller, &documents, "Consent/search").await?;
    Ok(list(&request, Page { items, next: page.next }))
}

/// One consent.
#[utoipa::path(
    tag = "consents",
    params(("id" = String, Path, description = "Name of the consent")),
    responses((status = 200, description = "The consent", body = ConsentRow), Refusals)
)]
#[get("/consents/{id}")]
pub(super) async fn show(
    keeper: Keeper,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("consent");
    node.ledger().check_fresh()?;
    let consent = ConsentId::parse(&path).map_err(|_| missing())?;
    let row = node.store().queries.consent(&viewer_of(&keeper.actor), &consent).await?.ok_or_else(missing)?;
    let found = of_patient(&node, &keeper.actor.party, &keeper.caller, vec![row]).await?.pop().ok_or_else(missing)?;
    record_consents(&node, &keeper.caller, &[found.commitment], "Consent/read").await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Who signed which version: the documents of the versions with what proves them, for who keeps the consent or whose it is.
/// `veridose consent verify` checks it offline.
#[utoipa::path(
    tag = "consents",
    params(("id" = String, Path, description = "Name of the consent")),
    responses((status = 200, description = "The versions", body = Object), Refusals)
)]
#[get("/consents/{id}/proof")]
pub(super) async fn proof(
    keeper: Keeper,
    node: web::Data<Node>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("consent");
    let consent = ConsentId::parse(&path).map_err(|_| missing())?;
    let (_, document) = found(&node, &keeper, &consent).await?.ok_or_else(missing)?;
    Ok(HttpResponse::Ok().json(proven(&node, &keeper, consent, &document).await?))
}

/// The versions of a consent that was [`found`], with what proves them.
pub(super) async fn proven(
    node: &Node,
    keeper: &Keeper,
    consent: ConsentId,
    document: &ConsentDocument,
) -> Result<ConsentProof, Problem> {
    let versions = versions(node, &keeper.actor.party, &consent, &document.patient).await?;
    Ok(ConsentProof { consent, versions })
}

/// The documents of a consent that lie under its patient's key, in the order of their transactions, with their receipts.
async fn versions(
    node: &Node,
    custodian: &PartyId,
    consent: &ConsentId,
    patient: &str,
) -> Result<Vec<VersionProof>, Problem> {
    let (vault, queries) = (&node.store().vault, &node.store().queries);
    let commitments = vault.of_patient(patient).await?;
    let mut own: Vec<Commitment> = Vec::new();
    for some in commitments.chunks(DOCUMENTS_AT_ONCE) {
        for (commitment, opened) in some.iter().zip(vault.open_many(some, custodian).await?) {
            let of = match opened {
                Opened::Document(Payload::Consent(document)) => Some(document.consent),
                Opened::Document(Payload::Revocation(document)) => Some(document.consent),
                _ => None,
            };
            own.extend((of == Some(*consent)).then_some(*commitment));
        }
    }
    let disclosed = vault.disclose(&own, custodian).await?;
    let mut versions = Vec::with_capacity(own.len());
    for (commitment, Disclosed { salt, document }) in disclosed {
        // A document whose transaction never came about has no event.
        let event = queries.event_of(&Viewer::Party(custodian.clone()), &commitment).await?;
        let Some(event) = event else { continue };
        let receipt = node.ledger().receipt(event.tx_index, &[])?;
        versions.push((event.tx_index, VersionProof { salt: hex::encode(salt), document, receipt }));
    }
    versions.sort_by_key(|(place, _)| *place);
    Ok(versions.into_iter().map(|(_, version)| version).collect())
}
