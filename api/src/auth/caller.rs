//! The caller: what a verified token or a session says about who is asking, as an extractor.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use veridose_contract::{PartyId, Site};

use super::{Authority, Context, Interaction, Scopes};
use crate::problem::{Kind, Problem};

/// In which capacity somebody calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// For a manufacturer.
    Manufacturer,
    /// For a distributor.
    Distributor,
    /// For a pharmacy or hospital.
    Pharmacy,
    /// For a regulator.
    Regulator,
    /// For a payer: an insurer or a health fund.
    Payer,
    /// For oneself, as a patient.
    Patient,
    /// For whoever runs the node: keeps members and certificates, sees no trade.
    Operator,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Who vouches for the name: the token's issuer.
    pub issuer: String,
    /// The issuer's name for the person or machine.
    pub subject: String,
    /// The organisation that it acts for.
    pub party: Option<PartyId>,
    /// In which capacity.
    pub role: Role,
    /// The place it acts from.
    pub site: Option<Site>,
    /// The patient's pseudonym, for a patient.
    pub patient: Option<String>,
    /// What the token reaches of patients' data.
    pub scopes: Scopes,
}

impl Caller {
    /// The organisation that the caller acts for, or a refusal. A patient acts for none, even where its token names who
    /// keeps its consents, and neither does an operator.
    pub fn party(&self) -> Result<&PartyId, Problem> {
        let trades = match self.role {
            Role::Manufacturer | Role::Distributor | Role::Pharmacy | Role::Regulator | Role::Payer => true,
            Role::Patient | Role::Operator => false,
        };
        self.party
            .as_ref()
            .filter(|_| trades)
            .ok_or_else(|| Problem::new(Kind::Forbidden, "this is done for a party, and the token is not that of one"))
    }

    /// The scope that the token lacks for an interaction with a type of FHIR resource; nothing where it reaches it.
    pub fn lacks(&self, resource: &str, interaction: Interaction) -> Option<String> {
        let (contexts, name): (&[Context], _) = match self.role {
            Role::Patient => (&[Context::Patient], "patient"),
            Role::Manufacturer
            | Role::Distributor
            | Role::Pharmacy
            | Role::Regulator
            | Role::Payer
            | Role::Operator => (&[Context::User, Context::System], "user"),
        };
        let reached = self.scopes.allow(contexts, resource, interaction);
        (!reached).then(|| format!("{name}/{resource}.{interaction}"))
    }

    /// Refuses an interaction with a type of FHIR resource that the token does not reach.
    pub fn check_scope(&self, resource: &str, interaction: Interaction) -> Result<(), Problem> {
        let lacking = self.lacks(resource, interaction);
        lacking.map_or(Ok(()), |scope| Err(Problem::new(Kind::Forbidden, format!("the token needs the scope {scope}"))))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let authority = request.app_data::<web::Data<Authority>>().expect("the application registers it");
            let Some(header) = request.headers().get(AUTHORIZATION) else {
                return super::session::caller(&request).await;
            };
            let token = header.to_str().ok().and_then(bearer);
            let token = token.ok_or_else(|| {
                Problem::new(Kind::Unauthenticated, "the Authorization header is not of the form Bearer TOKEN")
            })?;
            authority.caller(token).await.map_err(|error| {
                // Which check failed helps whoever forges; whoever set an issuer up wrongly finds it in the log.
                tracing::info!(%error, "token refused");
                Problem::new(error.kind(), error.public())
            })
        })
    }
}

/// A patient who calls for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallingPatient {
    /// The token's word for the patient.
    pub name: String,
    /// All that the token says.
    pub caller: Caller,
}

impl TryFrom<Caller> for CallingPatient {
    type Error = Problem;

    fn try_from(caller: Caller) -> Result<Self, Problem> {
        let own = caller.patient.clone().filter(|_| caller.role == Role::Patient);
        let name =
            own.ok_or_else(|| Problem::new(Kind::Forbidden, "this is for patients, with a token of their own"))?;
        Ok(Self { name, caller })
    }
}

impl FromRequest for CallingPatient {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        Box::pin(async move { Self::try_from(caller.await?) })
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
