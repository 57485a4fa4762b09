//! The detector that a member has in use: the ledger says which, the vault has its file.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use veridose_contract::{PartyId, read};
use veridose_ml::detect::Detector;
use veridose_ml::model::{self, Body as _};
use veridose_store::{Opened, Payload};

use crate::node::Node;

/// The detector in use; nothing where the member has none, or its file is not in this node's vault. A file with another hash than the
/// ledger names is an error.
pub(super) async fn in_use(node: &Node, party: &PartyId) -> anyhow::Result<Option<Detector>> {
    let (name, record) = {
        let state = node.ledger().state();
        let Some(in_use) = read::model_in_use(&state, party, Detector::KIND)? else { return Ok(None) };
        let record = read::model(&state, party, &in_use.model)?.context("the ledger names a model that it has not")?;
        (in_use.model, record)
    };
    let Opened::Document(Payload::Model(file)) = node.store().vault.open(&record.card, party).await? else {
        tracing::warn!(model = %name, "the model in use is not in this node's vault: the rules go on without it");
        return Ok(None);
    };
    let bytes = BASE64.decode(&file.file).context("the file of the model in use is not base64")?;
    anyhow::ensure!(model::hash(&bytes) == name.0, "the file of the model in use has another hash than {name}");
    Ok(Some(model::read(&bytes).context("the model in use cannot be read")?.1))
}
