//! The one door to patients' records: nothing of a patient is read for anybody that was not decided and recorded here.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as Stream;
use actix_web::{FromRequest, HttpRequest};
use veridose_contract::{DataForm, DataKind};
use veridose_fhir::systems::{self, KINDS};

use super::Wrong;
use super::whose::PatientId;
use crate::access::{Ask, AskedFor, Use, decide_and_record};
use crate::auth::{Caller, Interaction, Role};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Who reads, what for, and by which credentials.
pub(in crate::routes) struct Reader {
    pub(super) caller: Caller,
    pub(super) asked: AskedFor,
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, stream: &mut Stream) -> Self::Future {
        let (caller, asked) = (Caller::from_request(request, stream), AskedFor::of(request));
        Box::pin(async move { Ok(Self { caller: caller.await?, asked: asked? }) })
    }
}

impl Reader {
    /// What is asked for.
    pub(super) fn ask<'a>(&'a self, kinds: Vec<DataKind>, interaction: Interaction, what: &'a str) -> Ask<'a> {
        let AskedFor { what_for, credentials } = &self.asked;
        Ask { caller: &self.caller, credentials, what_for: *what_for, kinds, interaction, what }
    }

    /// The patient's own name, where it is a patient who reads.
    pub(super) fn own(&self) -> Option<&String> {
        self.caller.patient.as_ref().filter(|_| self.caller.role == Role::Patient)
    }
}

/// What may be read.
pub(super) struct Admitted {
    kinds: Vec<DataKind>,
    all: bool,
}

impl Admitted {
    /// Whether a resource is among it. A patient reads also what is of no kind that consents speak of.
    pub(super) fn covers(&self, resource: &serde_json::Value) -> bool {
        self.all || systems::kind_of(resource).is_some_and(|kind| self.kinds.contains(&kind))
    }
}

/// Decides and records whether the data may be read, before any is. `what` is for the record: resource and interaction.
pub(super) async fn admit(
    node: &Node,
    reader: &Reader,
    patient: PatientId,
    kinds: Vec<DataKind>,
    interaction: Interaction,
    what: &str,
) -> Result<Admitted, Wrong> {
    let what_for = reader.asked.what_for;
    let grant = decide_and_record(node, &reader.ask(kinds, interaction, what), patient.0).await?;
    if grant.form != DataForm::Full {
        let detail = "what was granted is not data of one person: search without naming a patient, or ask for counts";
        return Err(Problem::new(Kind::Forbidden, detail).into());
    }
    Ok(Admitted { kinds: grant.kinds, all: what_for == Use::OwnRecord })
}

/// The kinds of data that resources of a type hold.
pub(super) fn kinds(resource: &str) -> Vec<DataKind> {
    KINDS.into_iter().filter(|kind| systems::resource(*kind) == resource).collect()
}
