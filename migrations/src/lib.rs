//! Migrations of the SQL view, append-only
