//! Clinical studies as their sponsors, sites and regulators see them.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde::Serialize;
use utoipa::ToSchema;
use veridose_contract::{Commitment, ContentKey, DocumentId, DocumentKind, PartyId, StudyId, Timestamp};

use crate::database::{fixed, unsigned};
use crate::entity::studies::{study, study_version};
use crate::query::{Queries, Viewer};
use crate::{Page, PageRequest, StoreError, text};

/// Studies that one file is told to be part of.
const STUDIES_OF_A_FILE_MAX: u64 = 100;

/// A registered study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StudyRow {
    /// Its name on the ledger.
    #[schema(value_type = String)]
    pub study: StudyId,
    /// Who runs it.
    #[schema(value_type = String)]
    pub sponsor: PartyId,
    /// What kind of study it is: `interventional`, `observational` or `expanded_access`.
    pub kind: String,
    /// Who besides the sponsor anchors and signs.
    #[schema(value_type = Vec<String>)]
    pub sites: Vec<PartyId>,
    /// When it was registered.
    #[schema(value_type = i64)]
    pub registered_at: Timestamp,
    /// The document that names it.
    #[schema(value_type = String)]
    pub commitment: Commitment,
}

/// A version of a document of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StudyVersionRow {
    /// The study.
    #[schema(value_type = String)]
    pub study: StudyId,
    /// The document, the same for all its versions.
    #[schema(value_type = String)]
    pub document: DocumentId,
    /// What kind of document it is.
    #[schema(value_type = String)]
    pub kind: DocumentKind,
    /// Its number.
    pub version: u64,
    /// The blinded hash of its file.
    #[schema(value_type = String)]
    pub content: ContentKey,
    /// Who anchored it.
    #[schema(value_type = String)]
    pub party: PartyId,
    /// When.
    #[schema(value_type = i64)]
    pub anchored_at: Timestamp,
    /// The document that describes it.
    #[schema(value_type = String)]
    pub commitment: Commitment,
}

impl Queries {
    /// Studies that the caller is part of (a regulator: all), latest first.
    pub async fn studies(&self, viewer: &Viewer, page: &PageRequest) -> Result<Page<StudyRow>, StoreError> {
        let mut find = own(viewer);
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(study::Column::EventId.lt(event));
        }
        let rows = find.order_by_desc(study::Column::EventId).limit(page.limit_and_one()).all(self.view.read()).await?;
        Page::cut(rows, page.limit(), |row| row.event_id).try_map(StudyRow::try_from)
    }

    /// One study, if the caller is part of it.
    pub async fn study(&self, viewer: &Viewer, id: &StudyId) -> Result<Option<StudyRow>, StoreError> {
        let row = own(viewer).filter(study::Column::Study.eq(id.0.to_vec())).one(self.view.read()).await?;
        row.map(StudyRow::try_from).transpose()
    }

    /// Versions of the documents of a study, latest first. The caller is part of the study.
    pub async fn study_versions(&self, id: &StudyId, page: &PageRequest) -> Result<Page<StudyVersionRow>, StoreError> {
        let mut find = study_version::Entity::find().filter(study_version::Column::Study.eq(id.0.to_vec()));
        if let Some(event) = page.after::<i64>()? {
            find = find.filter(study_version::Column::EventId.lt(event));
        }
        let find = find.order_by_desc(study_version::Column::EventId).limit(page.limit_and_one());
        Page::cut(find.all(self.view.read()).await?, page.limit(), |row| row.event_id)
            .try_map(StudyVersionRow::try_from)
    }

    /// What a file is a version of. Whoever has the file may ask.
    pub async fn versions_of_file(&self, content: &ContentKey) -> Result<Vec<StudyVersionRow>, StoreError> {
        let find = study_version::Entity::find()
            .filter(study_version::Column::Content.eq(content.0.to_vec()))
            .order_by_asc(study_version::Column::EventId)
            .limit(STUDIES_OF_A_FILE_MAX);
        find.all(self.view.read()).await?.into_iter().map(StudyVersionRow::try_from).collect()
    }
}

fn own(viewer: &Viewer) -> Select<study::Entity> {
    match viewer {
        Viewer::Regulator(_) => study::Entity::find(),
        // A party's name has neither comma nor wildcard in it.
        Viewer::Party(party) => study::Entity::find().filter(
            Condition::any()
                .add(study::Column::Sponsor.eq(party.as_str()))
                .add(study::Column::Sites.contains(format!(",{party},"))),
        ),
    }
}

impl TryFrom<study::Model> for StudyRow {
    type Error = StoreError;

    fn try_from(row: study::Model) -> Result<Self, StoreError> {
        let sites = row.sites.split(',').filter(|site| !site.is_empty());
        Ok(Self {
            study: StudyId(fixed("study", &row.study)?),
            sponsor: text::party(&row.sponsor)?,
            kind: row.kind,
            sites: sites.map(text::party).collect::<Result<_, _>>()?,
            registered_at: Timestamp(row.registered_at),
            commitment: Commitment(fixed("commitment", &row.commitment)?),
        })
    }
}

impl TryFrom<study_version::Model> for StudyVersionRow {
    type Error = StoreError;

    fn try_from(row: study_version::Model) -> Result<Self, StoreError> {
        Ok(Self {
            study: StudyId(fixed("study", &row.study)?),
            document: DocumentId(fixed("document", &row.document)?),
            kind: text::variant("kind", &row.kind)?,
            version: unsigned(row.version),
            content: ContentKey(fixed("content", &row.content)?),
            party: text::party(&row.party)?,
            anchored_at: Timestamp(row.anchored_at),
            commitment: Commitment(fixed("commitment", &row.commitment)?),
        })
    }
}
