//! PostgreSQL doing the same work: the honest rival of the ledger. The same signed transaction is checked in the same
//! way, then one statement inserts the event and updates the pack, durable when it answers. For what is measured over HTTP
//! it stands behind the same HTTP library.

use std::net::TcpListener;
use std::num::NonZero;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::{Context as _, ensure};
use sqlx::postgres::{PgPool, PgPoolOptions};
use veridose_contract::{ItemKey, Transaction};
use veridose_ledger::signer::signature_holds;

/// Rows written at once when packs are commissioned.
const ROWS_PER_STATEMENT: usize = 10_000;

const DISPENSE: &str =
    "WITH pack AS (UPDATE rival_pack SET state = 1, changed = $4 WHERE item = $1 AND state = 0 RETURNING item)
    INSERT INTO rival_event (id, item, happened, body) SELECT $2, item, $4, $3 FROM pack";

const HAND_OVER: &str = "WITH pack AS (UPDATE rival_pack SET changed = $3 WHERE item = ANY($1) RETURNING item)
    INSERT INTO rival_event (id, item, happened, body) SELECT $2, $2, $3, $2 WHERE EXISTS (SELECT FROM pack)";

/// A database with a table of packs and a table of events.
#[derive(Debug, Clone)]
pub struct Rival(PgPool);

impl Rival {
    /// Connects and makes its tables anew. Refuses a database that does not wait for the disk: it would be no rival.
    pub async fn connect(url: &str, connections: u32) -> anyhow::Result<Self> {
        let pool = pool(url, connections).await?;
        for setting in ["fsync", "synchronous_commit"] {
            let value: String = sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&pool).await?;
            ensure!(value == "on", "PostgreSQL runs with {setting} = {value}");
        }
        for statement in [
            "DROP TABLE IF EXISTS rival_pack, rival_event",
            "CREATE TABLE rival_pack (item bytea PRIMARY KEY, state smallint NOT NULL, changed bigint NOT NULL)",
            "CREATE TABLE rival_event (id bytea PRIMARY KEY, item bytea NOT NULL, happened bigint NOT NULL, body bytea NOT NULL)",
        ] {
            sqlx::query(statement).execute(&pool).await?;
        }
        Ok(Self(pool))
    }

    /// Commissions packs: one row each, many to a statement.
    pub async fn commission(&self, items: &[ItemKey]) -> anyhow::Result<()> {
        for batch in items.chunks(ROWS_PER_STATEMENT) {
            let keys: Vec<&[u8]> = batch.iter().map(|item| &item.as_bytes()[..]).collect();
            sqlx::query("INSERT INTO rival_pack SELECT unnest($1::bytea[]), 0, 0").bind(keys).execute(&self.0).await?;
        }
        Ok(())
    }

    /// Checks the signature, inserts the event and updates the pack; a pack that is not there or gone is refused.
    pub async fn dispense(&self, public_key: &[u8; 65], transaction: &Transaction) -> anyhow::Result<()> {
        let Transaction { header, signature, body } = transaction;
        ensure!(signature_holds(public_key, header, signature), "the signature is not the key's");
        ensure!(body.root() == header.body_root, "the header does not commit to the body");
        let item = body.commands.first().and_then(|command| command.items.first()).context("no pack is named")?;
        let changed = sqlx::query(DISPENSE)
            .bind(&item.as_bytes()[..])
            .bind(&header.id().as_bytes()[..])
            .bind(transaction.encode())
            .bind(header.time.0)
            .execute(&self.0)
            .await?;
        ensure!(changed.rows_affected() == 1, "the pack is not there or no longer in the trade");
        Ok(())
    }

    /// Hands the packs over: each row is changed, and one event is written.
    pub async fn hand_over(&self, event: &[u8], items: &[ItemKey], happened: i64) -> anyhow::Result<()> {
        let keys: Vec<&[u8]> = items.iter().map(|item| &item.as_bytes()[..]).collect();
        let changed = sqlx::query(HAND_OVER).bind(keys).bind(event).bind(happened).execute(&self.0).await?;
        ensure!(changed.rows_affected() == 1, "the event was not written");
        Ok(())
    }

    /// Bytes of the tables and their indexes, once they are vacuumed and the write-ahead log is left out.
    pub async fn disk_bytes(&self) -> anyhow::Result<i64> {
        sqlx::query("VACUUM rival_pack, rival_event").execute(&self.0).await?;
        let size = "SELECT pg_total_relation_size('rival_pack') + pg_total_relation_size('rival_event')";
        Ok(sqlx::query_scalar(size).fetch_one(&self.0).await?)
    }

    /// Reads a pack's state: what a verification at the counter asks.
    pub async fn state(&self, item: &ItemKey) -> anyhow::Result<Option<i16>> {
        let query = sqlx::query_scalar("SELECT state FROM rival_pack WHERE item = $1").bind(&item.as_bytes()[..]);
        Ok(query.fetch_optional(&self.0).await?)
    }
}

async fn pool(url: &str, connections: u32) -> sqlx::Result<PgPool> {
    PgPoolOptions::new().min_connections(connections).max_connections(connections).connect(url).await
}

/// The rival behind HTTP, on a free port. `POST /transactions` reads the transaction and does its work; it asks for no
/// token and keeps no log, which a service would.
#[derive(Debug)]
pub struct RivalServer {
    base: String,
    handle: ServerHandle,
}

impl RivalServer {
    /// Starts it on the tables that [`Rival::connect`] made, with as many workers as there are cores.
    pub fn start(url: &str, connections: u32, public_key: [u8; 65]) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let base = format!("http://{}", listener.local_addr()?);
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
        let share = connections.div_ceil(u32::try_from(workers)?);
        let (url, (sender, started)) = (url.to_owned(), std::sync::mpsc::channel());
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let url = url.clone();
                    // A worker is one thread: a pool of its own spares it waking others.
                    let connected = move || {
                        let url = url.clone();
                        async move { pool(&url, share).await.map(Rival) }
                    };
                    App::new()
                        .data_factory(connected)
                        .app_data(web::Data::new(public_key))
                        .route("/transactions", web::post().to(answer))
                });
                let server = server.workers(workers).disable_signals().listen(listener)?.run();
                let _ = sender.send(server.handle());
                server.await
            })
        });
        Ok(Self { base, handle: started.recv()? })
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Ends it.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

async fn answer(rival: web::Data<Rival>, public_key: web::Data<[u8; 65]>, body: web::Bytes) -> HttpResponse {
    let Ok(transaction) = borsh::from_slice::<Transaction>(&body) else { return HttpResponse::BadRequest().finish() };
    match rival.dispense(&public_key, &transaction).await {
        Ok(()) => HttpResponse::Created().json(serde_json::json!({"tx": transaction.header.id().to_string()})),
        Err(refusal) => HttpResponse::UnprocessableEntity().body(refusal.to_string()),
    }
}
