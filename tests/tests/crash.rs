//! What a crash may not do: a process under load is killed with SIGKILL at random instants, and nothing that it
//! acknowledged is lost or doubled.

mod crash {
    mod full_disk;
    mod ledger;
    mod server;
}
