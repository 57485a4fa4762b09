//! The one door to patients' records: nothing of a patient is read for anybody that was not decided and recorded here.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload as Stream;
use actix_web::{FromRequest, HttpRequest};
use veridose_contract::{DataForm, DataKind};
use veridose_fhir::systems::{self, KINDS};

use super::Wrong;
use crate::access::{Ask, AskedFor, Use, decide_and_record};
use crate::auth::{Caller, Interaction, Role};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// Who reads, what for, and by which credentials.
pub(in crate::routes) struct Reader {
    pub(super) caller: Caller,
    asked: AskedFor,
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
    patient: &str,
    kinds: Vec<DataKind>,
    interaction: Interaction,
    what: &str,
) -> Result<Admitted, Wrong> {
    let (credentials, what_for) = (reader.asked.credentials.as_slice(), reader.asked.what_for);
    let ask = Ask { caller: &reader.caller, credentials, patient, what_for, kinds, interaction, what };
    let given = decide_and_record(node, ask).await?;
    if given.grant.form != DataForm::Full {
        let detail = "what was granted is not data of one person: single records are given in full or not at all";
        return Err(Problem::new(Kind::Forbidden, detail).into());
    }
    Ok(Admitted { kinds: given.grant.kinds, all: what_for == Use::OwnRecord })
}

/// The kinds of data that resources of a type hold.
pub(super) fn kinds(resource: &str) -> Vec<DataKind> {
    KINDS.into_iter().filter(|kind| systems::resource(*kind) == resource).collect()
}
