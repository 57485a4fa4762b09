//! What an attacker sends. Each test drives the built program over HTTP, and the honest request beside each hostile one
//! succeeds, so that a refusal says something.

mod attack {
    mod documents;
    mod issuers;
    mod tokens;
    mod transactions;
}
