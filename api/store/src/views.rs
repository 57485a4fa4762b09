//! Lists that people of the pages named, each with what it asks for. Primary data; sealed, because what somebody looks for is nobody
//! else's affair.

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::database::{Database, Existing, insert_all};
use crate::entity::sessions::saved_view;
use crate::limits::VIEWS_PER_PERSON_MAX;
use crate::vault::{Keys, random_id};

const PURPOSE: &str = "saved view";

/// A list with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Its own name in addresses: 32 hexadecimal digits.
    pub id: String,
    /// What the person calls it.
    pub name: String,
    /// What it asks for, as the query of an address.
    pub query: String,
}

/// The lists that people named.
#[derive(Debug, Clone)]
pub struct SavedViews {
    database: Database,
    keys: Arc<Keys>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    name: String,
    query: String,
}

impl SavedViews {
    pub(crate) const fn new(database: Database, keys: Arc<Keys>) -> Self {
        Self { database, keys }
    }

    /// The lists of a person, by issuer and subject, in the order of their names.
    pub async fn of(&self, person: (&str, &str)) -> Result<Vec<SavedView>, StoreError> {
        let find = saved_view::Entity::find().filter(saved_view::Column::Person.eq(hash(person)));
        let rows = find.order_by_asc(saved_view::Column::SavedAt).limit(VIEWS_PER_PERSON_MAX as u64);
        let rows = rows.all(self.database.read()).await?;
        let mut views = rows.iter().map(|row| self.open(row)).collect::<Result<Vec<_>, _>>()?;
        views.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(views)
    }

    /// Keeps a list under a name; one of the same name gives way.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] beyond [`VIEWS_PER_PERSON_MAX`] lists of one person.
    pub async fn save(&self, person: (&str, &str), name: &str, query: &str, now_ms: i64) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        let find = saved_view::Entity::find().filter(saved_view::Column::Person.eq(hash(person)));
        let held = find.all(write.on()).await?;
        let mut same = None;
        for row in &held {
            if self.open(row)?.name == name {
                same = Some(row.id.clone());
            }
        }
        if same.is_none() && held.len() >= VIEWS_PER_PERSON_MAX {
            let size = held.len() + 1;
            return Err(StoreError::TooLarge { what: "saved views of a person", size, limit: VIEWS_PER_PERSON_MAX });
        }
        let id = same.unwrap_or_else(|| random_id().to_vec());
        let content = Content { name: name.to_owned(), query: query.to_owned() };
        let content = serde_json::to_vec(&content).expect("texts are JSON");
        let sealed = self.keys.seal(PURPOSE, &id, &content);
        let row = saved_view::Model { id, person: hash(person), sealed, saved_at: now_ms };
        insert_all::<saved_view::Entity>(write.on(), vec![row], Existing::Replace).await?;
        Ok(write.commit().await?)
    }

    /// Forgets a list of a person. Returns whether there was one.
    pub async fn remove(&self, person: (&str, &str), id: &str) -> Result<bool, StoreError> {
        let Ok(id) = hex::decode(id) else { return Ok(false) };
        let write = self.database.write().await?;
        let find = saved_view::Entity::delete_many()
            .filter(saved_view::Column::Id.eq(id))
            .filter(saved_view::Column::Person.eq(hash(person)));
        let gone = find.exec(write.on()).await?;
        write.commit().await?;
        Ok(gone.rows_affected > 0)
    }

    fn open(&self, row: &saved_view::Model) -> Result<SavedView, StoreError> {
        let altered = || StoreError::KeyAltered("a saved view".to_owned());
        let plain = self.keys.unseal(PURPOSE, &row.id, &row.sealed).ok_or_else(altered)?;
        let Content { name, query } = serde_json::from_slice(&plain).map_err(|_| altered())?;
        Ok(SavedView { id: hex::encode(&row.id), name, query })
    }
}

fn hash((issuer, subject): (&str, &str)) -> Vec<u8> {
    Sha256::new().chain_update(issuer).chain_update([0]).chain_update(subject).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn each_person_has_lists_of_its_own_by_name_and_not_without_end() {
        for database in databases("saved_views").await {
            let views = database.open().await.views;
            let (ada, bob) = (("issuer", "ada"), ("issuer", "bob"));
            views.save(ada, "mine", "state=new", 1).await.expect("saved");
            views.save(ada, "clones", "code=cloned_serial", 2).await.expect("saved");
            views.save(ada, "mine", "mine=1", 3).await.expect("saved again");
            let names = |all: Vec<SavedView>| all.into_iter().map(|view| (view.name, view.query)).collect::<Vec<_>>();
            let held = views.of(ada).await.expect("listed");
            let id = held[0].id.clone();
            let expected = [("clones", "code=cloned_serial"), ("mine", "mine=1")];
            assert_eq!(names(held), expected.map(|(name, query)| (name.to_owned(), query.to_owned())));
            assert!(!views.remove(bob, &id).await.expect("asked"), "another's");
            assert!(!views.remove(ada, "zz").await.expect("asked"), "no name at all");
            assert!(views.remove(ada, &id).await.expect("asked"));
            assert_eq!(views.of(ada).await.expect("listed").len(), 1);
            for number in 1..VIEWS_PER_PERSON_MAX {
                views.save(ada, &number.to_string(), "", 4).await.expect("saved");
            }
            let over = views.save(ada, "one more", "", 5).await;
            assert!(matches!(over, Err(StoreError::TooLarge { .. })), "{over:?}");
            views.save(ada, "mine", "state=closed", 6).await.expect("in the place of the one before");
            assert!(views.of(bob).await.expect("listed").is_empty());
        }
    }
}
