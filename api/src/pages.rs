//! The pages: what people see in a browser. Server-made HTML, one style sheet, small scripts of our own.
//!
//! Invariants: a page does what the API does, by the same functions or by calling it with the session's cookie, and holds no
//! rule of its own; every word stands in a catalogue (`locales`), in each language; nothing is loaded from another host, no
//! script or style stands in a page; no patient stands in an address.

mod assets;
mod cases;
mod chart;
mod counter;
mod frame;
mod ledger;
mod live;
mod me;
mod models;
mod name;
mod operator;
mod parts;
mod shipping;
mod sign_in;
mod stock;
mod trial;
mod trouble;
mod visitor;
mod words;

use actix_web::middleware::from_fn;
use actix_web::web;

pub(crate) use sign_in::PublicUrl;
pub(crate) use trial::{PATIENT, Trial};

/// The routes of the pages.
pub(crate) fn configure(service: &mut web::ServiceConfig) {
    service
        .service(web::resource("/").wrap(from_fn(trouble::told)).route(web::get().to(sign_in::start)))
        .service(assets::show)
        .service(
            web::scope("/signin")
                .wrap(from_fn(trouble::told))
                .service(sign_in::ways)
                .service(sign_in::as_person)
                .service(sign_in::with_issuer)
                .service(sign_in::callback)
                .service(sign_in::done)
                .service(sign_in::out)
                .service(sign_in::language),
        )
        .service(
            web::scope("/desk")
                .wrap(from_fn(trouble::told))
                .service(sign_in::session)
                .service(assets::worker)
                .service(live::follow)
                .configure(counter::configure)
                .configure(shipping::configure)
                .configure(me::configure)
                .configure(cases::configure)
                .configure(stock::configure)
                .configure(ledger::configure)
                .configure(models::configure)
                .configure(operator::configure)
                .default_service(web::to(trouble::nothing)),
        );
}
