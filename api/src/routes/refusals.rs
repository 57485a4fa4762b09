//! The problems that any route may answer with, for the `OpenAPI` document.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// Problems of every route that takes a token.
pub(super) struct Refusals;

const CODES: [(&str, &str); 12] = [
    ("400", "The request cannot be understood"),
    ("401", "A valid access token is needed"),
    ("403", "The caller may not do this"),
    ("404", "There is no such thing, or it is not the caller's to see"),
    ("406", "No accepted form can be produced"),
    ("409", "The state of things forbids it"),
    ("413", "The body is too large"),
    ("415", "The body's form is not read here"),
    ("422", "The request is wrong in itself"),
    ("429", "Too many requests"),
    ("500", "The node failed"),
    ("503", "The node cannot do this now"),
];

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = |said: &str| {
            ResponseBuilder::new().description(said).content("application/problem+json", content()).build()
        };
        CODES.iter().map(|(code, said)| ((*code).to_owned(), RefOr::T(response(said)))).collect()
    }
}
