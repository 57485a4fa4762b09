//! Who is signed in to the pages. Primary data: a session lost is a person who signs in again.
//!
//! A session ends when nobody has used it for a while and, however busy it is, at a certain age. The table holds the hash of
//! the token that the browser keeps, and who it is only sealed, because of a patient's pseudonym.

use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::StoreError;
use crate::database::{Database, Existing, insert_all};
use crate::entity::sessions::session;
use crate::limits::{SESSION_SEEN_STEP_MS, SESSIONS_PER_PERSON_MAX};
use crate::vault::{Keys, random_key};

const PURPOSE: &str = "session";

/// What a browser shows to be taken for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken(Zeroizing<[u8; 32]>);

/// A session to be opened.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// Issuer and subject: sessions of the same two are one person's.
    pub person: (&'a str, &'a str),
    /// Who it is, in any form.
    pub caller: &'a [u8],
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

/// A session that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who it is, as given when it was opened.
    pub caller: Vec<u8>,
    /// When it was opened.
    pub created_ms: i64,
}

/// The sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    database: Database,
    keys: Arc<Keys>,
}

impl SessionToken {
    /// From the text that [`SessionToken::text`] gave.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text, bytes.as_mut()).ok()?;
        Some(Self(bytes))
    }

    /// As the browser keeps it: 64 hexadecimal digits.
    pub fn text(&self) -> String {
        hex::encode(&self.0[..])
    }

    /// A value that only who has the token can know, for a purpose.
    pub fn derived(&self, purpose: &str) -> String {
        hex::encode(Sha256::new().chain_update(purpose).chain_update([0]).chain_update(&self.0[..]).finalize())
    }

    fn name(&self) -> Vec<u8> {
        Sha256::digest(&self.0[..]).to_vec()
    }
}

impl Sessions {
    pub(crate) const fn new(database: Database, keys: Arc<Keys>) -> Self {
        Self { database, keys }
    }

    /// Opens a session. The oldest ones of a person who has [`SESSIONS_PER_PERSON_MAX`] end.
    pub async fn open(&self, new: NewSession<'_>) -> Result<SessionToken, StoreError> {
        let token = SessionToken(random_key());
        let (issuer, subject) = new.person;
        let person = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(subject).finalize().to_vec();
        let name = token.name();
        let caller = self.keys.seal(PURPOSE, &name, new.caller);
        let row =
            session::Model { token: name, person: person.clone(), caller, created_at: new.now_ms, seen_at: new.now_ms };
        let write = self.database.write().await?;
        let kept = session::Entity::find()
            .filter(session::Column::Person.eq(person.clone()))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Token)
            .offset(SESSIONS_PER_PERSON_MAX - 1)
            .limit(SESSIONS_PER_PERSON_MAX)
            .all(write.on())
            .await?;
        for old in kept {
            session::Entity::delete_by_id(old.token).exec(write.on()).await?;
        }
        insert_all::<session::Entity>(write.on(), vec![row], Existing::Refuse).await?;
        write.commit().await?;
        Ok(token)
    }

    /// The session of a token, if it was used within the last `idle_ms` and opened within the last `age_ms`. It counts as used.
    pub async fn find(
        &self,
        token: &SessionToken,
        now_ms: i64,
        idle_ms: i64,
        age_ms: i64,
    ) -> Result<Option<Session>, StoreError> {
        let name = token.name();
        let Some(row) = self.row(token, now_ms, idle_ms, age_ms).await? else { return Ok(None) };
        let opened = self.keys.unseal(PURPOSE, &name, &row.caller);
        let caller = opened.ok_or_else(|| StoreError::KeyAltered("a session".to_owned()))?.to_vec();
        if now_ms.saturating_sub(row.seen_at) >= SESSION_SEEN_STEP_MS {
            let write = self.database.write().await?;
            session::Entity::update_many()
                .col_expr(session::Column::SeenAt, Expr::value(now_ms))
                .filter(session::Column::Token.eq(name))
                .exec(write.on())
                .await?;
            write.commit().await?;
        }
        Ok(Some(Session { caller, created_ms: row.created_at }))
    }

    /// Whether [`Self::find`] would find the session. It does not count as used.
    pub async fn is_open(
        &self,
        token: &SessionToken,
        now_ms: i64,
        idle_ms: i64,
        age_ms: i64,
    ) -> Result<bool, StoreError> {
        Ok(self.row(token, now_ms, idle_ms, age_ms).await?.is_some())
    }

    async fn row(
        &self,
        token: &SessionToken,
        now_ms: i64,
        idle_ms: i64,
        age_ms: i64,
    ) -> Result<Option<session::Model>, StoreError> {
        let row = session::Entity::find_by_id(token.name()).one(self.database.read()).await?;
        let is_open = |row: &session::Model| {
            now_ms.saturating_sub(row.seen_at) <= idle_ms && now_ms.saturating_sub(row.created_at) <= age_ms
        };
        Ok(row.filter(is_open))
    }

    /// Ends a session.
    pub async fn end(&self, token: &SessionToken) -> Result<(), StoreError> {
        let write = self.database.write().await?;
        session::Entity::delete_by_id(token.name()).exec(write.on()).await?;
        Ok(write.commit().await?)
    }

    /// Removes sessions that have ended by themselves. Returns how many.
    pub async fn prune(&self, now_ms: i64, idle_ms: i64, age_ms: i64) -> Result<u64, StoreError> {
        let write = self.database.write().await?;
        let over = Expr::col(session::Column::SeenAt)
            .lt(now_ms.saturating_sub(idle_ms))
            .or(Expr::col(session::Column::CreatedAt).lt(now_ms.saturating_sub(age_ms)));
        let gone = session::Entity::delete_many().filter(over).exec(write.on()).await?;
        write.commit().await?;
        Ok(gone.rows_affected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::databases;

    const IDLE: i64 = 600_000;
    const AGE: i64 = 3_600_000;

    fn new(now_ms: i64) -> NewSession<'static> {
        NewSession { person: ("issuer", "ada"), caller: b"ada, pharmacist", now_ms }
    }

    #[tokio::test]
    async fn a_session_ends_idle_or_old_or_when_it_is_ended() {
        for database in databases("sessions").await {
            let sessions = database.open().await.sessions;
            let token = sessions.open(new(0)).await.expect("opened");
            let token = SessionToken::parse(&token.text()).expect("its own text");
            let find =
                async |now| sessions.find(&token, now, IDLE, AGE).await.expect("asked").map(|found| found.caller);
            // Each use keeps it alive, up to its age.
            let mut now = 0;
            while now <= AGE {
                assert_eq!(find(now).await.as_deref(), Some(&b"ada, pharmacist"[..]), "{now}");
                now += IDLE - SESSION_SEEN_STEP_MS;
            }
            assert_eq!(find(AGE + 1).await, None);
            assert_eq!(sessions.prune(AGE + 1, IDLE, AGE).await.expect("pruned"), 1);
            let token = sessions.open(new(0)).await.expect("opened");
            assert_eq!(sessions.find(&token, IDLE + 1, IDLE, AGE).await.expect("asked"), None);
            sessions.end(&token).await.expect("ended");
            assert_eq!(sessions.find(&token, 1, IDLE, AGE).await.expect("asked"), None);
        }
    }

    #[tokio::test]
    async fn a_person_has_so_many_and_a_strange_token_none() {
        for database in databases("sessions_limit").await {
            let sessions = database.open().await.sessions;
            let first = sessions.open(new(0)).await.expect("opened");
            let mut later = Vec::new();
            for at in 1..=i64::try_from(SESSIONS_PER_PERSON_MAX).expect("small") {
                later.push(sessions.open(new(at)).await.expect("opened"));
            }
            assert_eq!(sessions.find(&first, 30, IDLE, AGE).await.expect("asked"), None);
            for token in &later {
                assert!(sessions.find(token, 30, IDLE, AGE).await.expect("asked").is_some());
            }
            let strange = SessionToken(random_key());
            assert_eq!(sessions.find(&strange, 30, IDLE, AGE).await.expect("asked"), None);
            assert_eq!(SessionToken::parse("00"), None);
        }
    }
}
