//! Connections.

/// One database: SQLite or PostgreSQL.
#[derive(Debug, Clone)]
pub(crate) struct Database {}
