//! The shim against a peer in this process over a real connection, and the host against the embedded ledger.

mod parity;
mod peer;
mod shim;
mod tls;
