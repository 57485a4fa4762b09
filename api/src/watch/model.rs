//! The detector that a member has in use: the ledger says which, the vault has its file.

use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::sync::Mutex;
use veridose_contract::{ModelId, PartyId, read};
use veridose_ml::detect::Detector;
use veridose_ml::model::{self, Body as _};
use veridose_store::{Opened, Payload};

use crate::node::Node;

/// The detector that was last in use: it is read anew only when it changes.
#[derive(Debug, Default)]
pub(crate) struct LastInUse(Mutex<Option<InUse>>);

/// A detector and its name on the ledger.
#[derive(Debug, Clone)]
pub(super) struct InUse {
    pub(super) model: ModelId,
    pub(super) detector: Arc<Detector>,
}

/// The detector in use; nothing where the member has none, or its file is not in this node's vault. A file with another hash than the
/// ledger names is an error.
pub(super) async fn in_use(node: &Node, party: &PartyId) -> anyhow::Result<Option<InUse>> {
    let Some(now) = read::model_in_use(&node.ledger().state(), party, Detector::KIND)? else { return Ok(None) };
    let mut last = node.detector().0.lock().await;
    if let Some(last) = last.as_ref().filter(|last| last.model == now.model) {
        return Ok(Some(last.clone()));
    }
    let record = read::model(&node.ledger().state(), party, &now.model)?;
    let card = record.context("the ledger names a model that it has not")?.card;
    let Opened::Document(Payload::Model(file)) = node.store().vault.open(&card, party).await? else {
        tracing::warn!(model = %now.model, "the model in use is not in this node's vault: the rules go on without it");
        return Ok(None);
    };
    let bytes = BASE64.decode(&file.file).context("the file of the model in use is not base64")?;
    anyhow::ensure!(
        model::hash(&bytes) == now.model.0,
        "the file of the model in use has another hash than {}",
        now.model
    );
    let detector = Arc::new(model::read(&bytes).context("the model in use cannot be read")?.1);
    Ok(last.insert(InUse { model: now.model, detector }).clone().into())
}
