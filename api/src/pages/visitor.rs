//! Who looks at a page: in which language, and signed in as whom.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpRequest, web};

use super::words::{Language, Words};
use crate::auth::{Caller, Role, SignedIn, terms};
use crate::node::Node;
use crate::problem::{Kind, Problem};

/// The cookie that keeps the language which somebody chose.
pub(super) const LANGUAGE: &str = "veridose-language";

/// Whoever looks at a page.
pub(super) struct Visitor {
    pub(super) words: &'static Words,
    signed_in: Option<SignedIn>,
    pub(super) request: HttpRequest,
}

/// Somebody who is signed in and looks at a page.
pub(super) struct Worker {
    pub(super) words: &'static Words,
    pub(super) signed_in: SignedIn,
    pub(super) request: HttpRequest,
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let signed_in = SignedIn::of(&request).await?;
            Ok(Self { words: words(&request), signed_in, request })
        })
    }
}

impl FromRequest for Worker {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload);
        Box::pin(async move {
            let worker = visitor.await?.worker();
            worker.ok_or_else(|| Problem::new(Kind::Unauthenticated, "sign in to see this page"))
        })
    }
}

impl Visitor {
    /// As somebody who is signed in.
    pub(super) fn worker(self) -> Option<Worker> {
        let Self { words, signed_in, request } = self;
        Some(Worker { words, signed_in: signed_in?, request })
    }

    pub(super) fn signed_in(&self) -> Option<&SignedIn> {
        self.signed_in.as_ref()
    }

    /// Refuses what a page of somebody else may have asked for. Before a sign-in there is no session to show a value of.
    pub(super) fn check_own(&self) -> Result<(), Problem> {
        if terms(&self.request).is_own(self.request.headers()) {
            return Ok(());
        }
        Err(Problem::new(Kind::ForeignRequest, "this was not asked for by a page of this node"))
    }
}

impl Worker {
    pub(super) fn caller(&self) -> &Caller {
        &self.signed_in.caller
    }

    pub(super) fn node(&self) -> &Node {
        self.request.app_data::<web::Data<Node>>().expect("the application registers it")
    }

    /// Refuses a form that no page of this session sent; `shown` is the form's own field.
    pub(super) fn check(&self, shown: &str) -> Result<(), Problem> {
        self.signed_in.check(&self.request, Some(shown))
    }

    /// Refuses what no script of this session sent.
    pub(super) fn check_script(&self) -> Result<(), Problem> {
        let shown = self.request.headers().get("x-csrf-token").and_then(|value| value.to_str().ok());
        self.check(shown.unwrap_or_default())
    }

    /// Refuses who has none of the roles of a desk; `why` says whose it is.
    pub(super) fn check_role(&self, roles: &[Role], why: &str) -> Result<(), Problem> {
        if roles.contains(&self.caller().role) {
            return Ok(());
        }
        Err(Problem::new(Kind::Forbidden, why))
    }
}

/// The words in the language that somebody chose, else in the one that the browser likes.
pub(super) fn words(request: &HttpRequest) -> &'static Words {
    let chosen = request.cookie(LANGUAGE).and_then(|cookie| Language::parse(cookie.value()));
    let language = chosen.unwrap_or_else(|| {
        let accept = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Language::preferred(accept.unwrap_or_default())
    });
    Words::of(language)
}
