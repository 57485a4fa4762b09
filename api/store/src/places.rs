//! What members told of places in the master data of captured documents. Primary data: it stands on no ledger.

use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use veridose_contract::PartyId;

use crate::database::{Database, Existing, KEYS_PER_QUERY_MAX, insert_all, unsigned};
use crate::entity::detection::place_told as told;
use crate::limits::PLACES_PER_PARTY_MAX;
use crate::{StoreError, text};

/// Rows that are read at once.
const ROWS_PER_READ: u64 = 10_000;

/// What a member told of a place. A later telling of the same member takes the place of an earlier one.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceTold {
    /// The same for each spelling of the place.
    pub place: String,
    /// Who told it.
    pub party: PartyId,
    /// The identifier as received.
    pub uri: String,
    /// ISO 3166 code.
    pub country: Option<String>,
    /// Latitude and longitude, in degrees.
    pub position: Option<(f64, f64)>,
    /// What it does in the trade, by its word.
    pub role: Option<String>,
    /// The party to which it belongs, as received.
    pub owner: Option<String>,
    /// Its name for people.
    pub name: Option<String>,
    /// Whether master data describes it, and does not only name it.
    pub listed: bool,
    /// Products of which it is named as a seller: 14 digits each, parted by blanks.
    pub sells: String,
    /// Greater in each later telling; written by the store.
    pub seq: u64,
}

/// What members told of places.
#[derive(Debug, Clone)]
pub struct Places {
    database: Database,
}

impl Places {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Takes what a member tells, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] beyond [`PLACES_PER_PARTY_MAX`] places of one member.
    pub async fn tell(&self, party: &PartyId, places: Vec<PlaceTold>) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        if write.on().get_database_backend() == DbBackend::Postgres {
            // Who has seen a number has seen all below it.
            write.on().execute_unprepared("LOCK TABLE place_told IN EXCLUSIVE MODE").await?;
        }
        let last = told::Entity::find().order_by_desc(told::Column::Seq).one(write.on()).await?;
        let seq = last.map_or(0, |row| row.seq).saturating_add(1);
        let row = |told: PlaceTold| told::Model {
            place: told.place,
            party: party.as_str().to_owned(),
            uri: told.uri,
            country: told.country,
            latitude: told.position.map(|at| at.0),
            longitude: told.position.map(|at| at.1),
            role: told.role,
            owner: told.owner,
            name: told.name,
            listed: told.listed,
            sells: told.sells,
            seq,
        };
        insert_all::<told::Entity>(write.on(), places.into_iter().map(row).collect(), Existing::Replace).await?;
        let theirs = told::Entity::find().filter(told::Column::Party.eq(party.as_str())).count(write.on()).await?;
        if theirs > PLACES_PER_PARTY_MAX {
            let size = usize::try_from(theirs).unwrap_or(usize::MAX);
            let limit = usize::try_from(PLACES_PER_PARTY_MAX).unwrap_or(usize::MAX);
            return Err(StoreError::TooLarge { what: "master data of places", size, limit });
        }
        Ok(write.commit().await?)
    }

    /// What was told of these places, by whomever.
    pub async fn of(&self, places: &[String]) -> Result<Vec<PlaceTold>, StoreError> {
        let mut rows = Vec::new();
        for some in places.chunks(KEYS_PER_QUERY_MAX) {
            let find = told::Entity::find().filter(told::Column::Place.is_in(some.iter().map(String::as_str)));
            rows.extend(find.all(self.database.read()).await?);
        }
        rows.into_iter().map(PlaceTold::try_from).collect()
    }

    /// All that was told.
    pub async fn all(&self) -> Result<Vec<PlaceTold>, StoreError> {
        let mut all: Vec<PlaceTold> = Vec::new();
        loop {
            let mut find = told::Entity::find();
            if let Some(last) = all.last() {
                let same = Condition::all()
                    .add(told::Column::Place.eq(&last.place))
                    .add(told::Column::Party.gt(last.party.as_str()));
                find = find.filter(Condition::any().add(told::Column::Place.gt(&last.place)).add(same));
            }
            let find = find.order_by_asc(told::Column::Place).order_by_asc(told::Column::Party);
            let rows = find.limit(ROWS_PER_READ).all(self.database.read()).await?;
            let is_last = u64::try_from(rows.len()).unwrap_or(u64::MAX) < ROWS_PER_READ;
            for row in rows {
                all.push(PlaceTold::try_from(row)?);
            }
            if is_last {
                return Ok(all);
            }
        }
    }

    /// The number of the latest telling; 0 before the first.
    pub async fn last(&self) -> Result<u64, StoreError> {
        let last = told::Entity::find().order_by_desc(told::Column::Seq).one(self.database.read()).await?;
        Ok(last.map_or(0, |row| unsigned(row.seq)))
    }
}

impl TryFrom<told::Model> for PlaceTold {
    type Error = StoreError;

    fn try_from(row: told::Model) -> Result<Self, StoreError> {
        Ok(Self {
            party: text::party(&row.party)?,
            place: row.place,
            uri: row.uri,
            country: row.country,
            position: row.latitude.zip(row.longitude),
            role: row.role,
            owner: row.owner,
            name: row.name,
            listed: row.listed,
            sells: row.sells,
            seq: unsigned(row.seq),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, party};

    fn told(place: &str, by: &str, country: &str, seq: u64) -> PlaceTold {
        PlaceTold {
            place: place.to_owned(),
            party: party(by),
            uri: format!("urn:{place}"),
            country: Some(country.to_owned()),
            position: Some((48.2, 16.4)),
            role: None,
            owner: None,
            name: None,
            listed: true,
            sells: String::new(),
            seq,
        }
    }

    #[tokio::test]
    async fn a_member_tells_anew_and_others_words_stay() {
        for database in databases("places").await {
            let places = database.open().await.places;
            assert_eq!(places.last().await.expect("asked"), 0);
            let first = vec![told("a", "maker", "AT", 0), told("b", "maker", "AT", 0)];
            places.tell(&party("maker"), first).await.expect("told");
            places.tell(&party("north"), vec![told("a", "north", "DE", 0)]).await.expect("told");
            places.tell(&party("maker"), vec![told("a", "maker", "CH", 0)]).await.expect("told anew");
            let all = [told("a", "maker", "CH", 3), told("a", "north", "DE", 2), told("b", "maker", "AT", 1)];
            assert_eq!(places.all().await.expect("read"), all);
            assert_eq!(places.of(&["b".to_owned(), "c".to_owned()]).await.expect("read"), all[2..]);
            assert_eq!(places.last().await.expect("asked"), 3);
        }
    }
}
