//! What is on the shelves, when it runs out, and what to order.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use veridose_contract::PartyId;
use veridose_ml::stock::{Position, ProductRisk, Report};
use veridose_store::{Page, Viewer};

use super::lists::{List, Paging, list, viewer};
use super::refusals::Refusals;
use super::table::table;
use super::write::node;
use crate::analysis::{Analyses, HORIZON_DAYS};
use crate::auth::Caller;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::trade::Directory;

/// Days ahead, at most.
const HORIZON_DAYS_MAX: usize = 90;
/// Rows of a page where nothing is said.
const ROWS: usize = 30;

/// Which shelves are told.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Days ahead, 14 where nothing is said.
    #[param(minimum = 1, maximum = 90)]
    pub(crate) horizon: Option<usize>,
    /// Only this product.
    pub(crate) gtin: Option<String>,
    /// Only shelves that run empty within the horizon with this probability or more.
    #[param(minimum = 0, maximum = 1)]
    pub(crate) risk: Option<f64>,
}

/// A place that has the product too.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Elsewhere {
    /// The place.
    pub(crate) place: String,
    /// Whose it is.
    #[schema(value_type = Option<String>)]
    pub(crate) party: Option<PartyId>,
    /// How far; nothing where a position is not known.
    pub(crate) distance_km: Option<f64>,
    /// Whether it supplies others, as a wholesaler's depot does.
    pub(crate) is_depot: bool,
    /// Packs that it has.
    pub(crate) on_hand: u32,
    /// Of these, packs that would expire there before they are given out.
    pub(crate) expiring: usize,
    /// Probability that its own shelf runs empty within the horizon; of a depot none is told.
    pub(crate) risk: Option<f64>,
}

/// A product on a shelf, and what may come of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shelf {
    /// The product, 14 digits.
    pub(crate) gtin: String,
    /// The place.
    pub(crate) place: String,
    /// Whose it is; nothing for a place of nobody here.
    #[schema(value_type = Option<String>)]
    pub(crate) party: Option<PartyId>,
    /// The last day with events.
    pub(crate) today: Option<String>,
    /// Packs on the shelf.
    pub(crate) on_hand: u32,
    /// Of these, packs that expire before they are given out at the demand of late.
    pub(crate) expiring: usize,
    /// Packs on the way.
    pub(crate) incoming: u32,
    /// Packs given out a day, mean of the last 28 days.
    pub(crate) demand_a_day: f64,
    /// Probability that the shelf was empty at the end of a day, by the first day ahead, the second and so on.
    pub(crate) empty_by: Vec<f64>,
    /// Who else has the product, within 200 km where positions are known; of the caller's own places, for a regulator of all.
    pub(crate) elsewhere: Vec<Elsewhere>,
}

/// A draft order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftOrder {
    /// The product, 14 digits.
    pub(crate) gtin: String,
    /// Where it is needed.
    pub(crate) place: String,
    /// Whose place that is.
    #[schema(value_type = Option<String>)]
    pub(crate) party: Option<PartyId>,
    /// Who sent the last goods.
    pub(crate) supplier: Option<String>,
    /// Packs on the shelf.
    pub(crate) on_hand: u32,
    /// Packs on the way.
    pub(crate) incoming: u32,
    /// Probability that the shelf runs empty within the horizon.
    pub(crate) risk: f64,
    /// Packs to order: enough in half of the courses, for the horizon and the lead time behind it.
    pub(crate) packs: u32,
    /// Enough in one of ten courses.
    pub(crate) packs_low: u32,
    /// Enough in nine of ten.
    pub(crate) packs_high: u32,
}

/// How probable a shortage of a whole product is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductOutlook {
    /// The product, 14 digits.
    pub(crate) gtin: String,
    /// Places that give it out.
    pub(crate) places: usize,
    /// Of these, places whose shelf is empty now.
    pub(crate) empty: usize,
    /// Packs on all shelves.
    pub(crate) on_hand: u64,
    /// Packs given out a day at all places.
    pub(crate) demand_a_day: f64,
    /// Probability that half of the shelves or more run empty within the horizon, taken as independent of each other.
    pub(crate) shortage_risk: f64,
}

impl From<&ProductRisk> for ProductOutlook {
    fn from(of: &ProductRisk) -> Self {
        let ProductRisk { gtin, places, empty, on_hand, demand_a_day, shortage_risk } = of.clone();
        Self { gtin, places, empty, on_hand, demand_a_day, shortage_risk }
    }
}

/// What a caller asks about.
pub(crate) struct Asked {
    pub(crate) node: web::Data<Node>,
    pub(crate) viewer: Viewer,
    pub(crate) report: std::sync::Arc<Report>,
}

impl Asked {
    async fn of(request: &HttpRequest, caller: &Caller, wanted: &Wanted) -> Result<Self, Problem> {
        let node = node(request).clone();
        let viewer = viewer(&node, caller).await?;
        let horizon = wanted.horizon.unwrap_or(HORIZON_DAYS);
        if !(1..=HORIZON_DAYS_MAX).contains(&horizon) {
            return Err(Problem::field("horizon", format!("give 1 to {HORIZON_DAYS_MAX} days")));
        }
        let analyses: &web::Data<Analyses> = request.app_data().expect("the application registers it");
        Ok(Self { node, viewer, report: analyses.stock(horizon).await? })
    }

    /// The same from the last report over the usual horizon, without waiting; nothing while the first is being worked out.
    pub(crate) async fn at_once(request: &HttpRequest, caller: &Caller) -> Result<Option<Self>, Problem> {
        let node = node(request).clone();
        let viewer = viewer(&node, caller).await?;
        let analyses: &web::Data<Analyses> = request.app_data().expect("the application registers it");
        Ok(analyses.last_stock()?.map(|report| Self { node, viewer, report }))
    }

    /// The products for whom may see all places, the most probable shortage first.
    pub(crate) fn products<'a>(
        &'a self,
        wanted: &'a Wanted,
    ) -> Result<impl Iterator<Item = ProductOutlook> + 'a, Problem> {
        if let Viewer::Party(_) = self.viewer {
            return Err(Problem::new(Kind::Forbidden, "the stock of all places is for regulators"));
        }
        let products = self.report.products.iter().filter(|product| {
            wanted.gtin.as_ref().is_none_or(|gtin| *gtin == product.gtin)
                && wanted.risk.is_none_or(|risk| product.shortage_risk >= risk)
        });
        Ok(products.map(ProductOutlook::from))
    }

    /// The positions that the caller may see and asks for, the greatest risk first.
    pub(crate) fn positions<'a>(
        &'a self,
        directory: &'a Directory,
        wanted: &'a Wanted,
    ) -> impl Iterator<Item = (&'a Position, Option<PartyId>)> {
        let owned = move |position: &'a Position| (position, owner(directory, &position.place));
        self.report.positions.iter().map(owned).filter(move |(position, party)| {
            sees(&self.viewer, party.as_ref())
                && wanted.gtin.as_ref().is_none_or(|gtin| *gtin == position.gtin)
                && wanted.risk.is_none_or(|risk| position.risk() >= risk)
        })
    }
}

fn owner(directory: &Directory, place: &str) -> Option<PartyId> {
    directory.find(place).map(|(_, party)| party.clone())
}

fn sees(viewer: &Viewer, party: Option<&PartyId>) -> bool {
    match viewer {
        Viewer::Regulator(_) => true,
        Viewer::Party(own) => party == Some(own),
    }
}

/// Demand, stock and the probability of an empty shelf by day, the greatest risk first: of the caller's own places, for a regulator of
/// all. Worked out from the receipts and dispenses that this node knows.
#[utoipa::path(
    tag = "stock",
    params(Wanted, Paging),
    responses((status = 200, description = "Shelves", body = List<Shelf>), Refusals)
)]
#[get("/stock/outlook")]
pub(super) async fn outlook(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&request, &caller, &wanted).await?;
    let directory = asked.node.directory();
    let shelves =
        asked.positions(&directory, &wanted).map(|(position, party)| shelf(&asked, &directory, position, party));
    page(&request, &paging, shelves)
}

/// A position as its caller may know it.
pub(crate) fn shelf(asked: &Asked, directory: &Directory, position: &Position, party: Option<PartyId>) -> Shelf {
    let others = position.elsewhere.iter().map(|holder| (holder, owner(directory, &holder.place)));
    let elsewhere = others.filter(|(_, party)| sees(&asked.viewer, party.as_ref())).map(|(holder, party)| Elsewhere {
        place: holder.place.clone(),
        party,
        distance_km: holder.distance_km,
        is_depot: holder.is_depot,
        on_hand: holder.on_hand,
        expiring: holder.expiring,
        risk: holder.risk,
    });
    Shelf {
        gtin: position.gtin.clone(),
        place: position.place.clone(),
        party,
        today: asked.report.today.clone(),
        on_hand: position.on_hand,
        expiring: position.expiring,
        incoming: position.incoming,
        demand_a_day: position.demand_a_day,
        empty_by: position.empty_by.clone(),
        elsewhere: elsewhere.collect(),
    }
}

/// The draft order of a position.
pub(crate) fn order(position: &Position, party: Option<PartyId>) -> DraftOrder {
    DraftOrder {
        gtin: position.gtin.clone(),
        place: position.place.clone(),
        party,
        supplier: position.supplier.clone(),
        on_hand: position.on_hand,
        incoming: position.incoming,
        risk: position.risk(),
        packs: position.order,
        packs_low: position.order_tenths.0,
        packs_high: position.order_tenths.1,
    }
}

/// Draft orders with their intervals, the greatest risk first; what needs none is left out.
#[utoipa::path(
    tag = "stock",
    params(Wanted, Paging),
    responses((status = 200, description = "Draft orders", body = List<DraftOrder>), Refusals)
)]
#[get("/stock/orders")]
pub(super) async fn orders(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&request, &caller, &wanted).await?;
    let directory = asked.node.directory();
    let needed = asked.positions(&directory, &wanted).filter(|(position, _)| position.order > 0);
    page(&request, &paging, needed.map(|(position, party)| order(position, party)))
}

/// The outlook as a table for a spreadsheet, whole; `empty_by` is that of the last day.
#[utoipa::path(
    tag = "stock",
    params(Wanted),
    responses((status = 200, description = "Shelves", body = String, content_type = "text/csv"), Refusals)
)]
#[get("/stock/outlook.csv")]
pub(super) async fn outlook_table(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&request, &caller, &wanted).await?;
    let directory = asked.node.directory();
    let headings = ["gtin", "place", "party", "on_hand", "expiring", "incoming", "demand_a_day", "empty_by"];
    let rows = asked.positions(&directory, &wanted).map(|(position, party)| {
        [
            position.gtin.clone(),
            position.place.clone(),
            party.map(|party| party.to_string()).unwrap_or_default(),
            position.on_hand.to_string(),
            position.expiring.to_string(),
            position.incoming.to_string(),
            format!("{:.3}", position.demand_a_day),
            format!("{:.4}", position.risk()),
        ]
    });
    table(&mut HttpResponse::Ok(), "outlook.csv", &headings, rows)
}

/// The draft orders as a table for a spreadsheet, whole.
#[utoipa::path(
    tag = "stock",
    params(Wanted),
    responses((status = 200, description = "Draft orders", body = String, content_type = "text/csv"), Refusals)
)]
#[get("/stock/orders.csv")]
pub(super) async fn orders_table(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&request, &caller, &wanted).await?;
    let directory = asked.node.directory();
    let headings =
        ["gtin", "place", "party", "supplier", "on_hand", "incoming", "risk", "packs", "packs_low", "packs_high"];
    let needed = asked.positions(&directory, &wanted).filter(|(position, _)| position.order > 0);
    let rows = needed.map(|(position, party)| order(position, party)).map(|order| {
        [
            order.gtin,
            order.place,
            order.party.map(|party| party.to_string()).unwrap_or_default(),
            order.supplier.unwrap_or_default(),
            order.on_hand.to_string(),
            order.incoming.to_string(),
            format!("{:.4}", order.risk),
            order.packs.to_string(),
            order.packs_low.to_string(),
            order.packs_high.to_string(),
        ]
    });
    table(&mut HttpResponse::Ok(), "orders.csv", &headings, rows)
}

/// How probable shortages of whole products are, the most probable first; for regulators.
#[utoipa::path(
    tag = "stock",
    params(Wanted, Paging),
    responses((status = 200, description = "Products", body = List<ProductOutlook>), Refusals)
)]
#[get("/stock/shortages")]
pub(super) async fn shortages(
    request: HttpRequest,
    caller: Caller,
    wanted: web::Query<Wanted>,
    paging: Paging,
) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&request, &caller, &wanted).await?;
    let products = asked.products(&wanted)?;
    page(&request, &paging, products)
}

/// A page of rows that lie in memory; the token is the number of rows before it.
fn page<T: Serialize>(
    request: &HttpRequest,
    paging: &Paging,
    rows: impl Iterator<Item = T>,
) -> Result<HttpResponse, Problem> {
    let asked = paging.request();
    let before = asked.token.as_deref().map_or(Ok(0), str::parse::<usize>);
    let before = before.map_err(|_| Problem::field("nextPageToken", "this is no token of a page before"))?;
    let wanted = asked.limit.map_or(ROWS, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut rows = rows.skip(before);
    let items: Vec<T> = rows.by_ref().take(wanted).collect();
    let next = rows.next().map(|_| before.saturating_add(wanted).to_string());
    Ok(list(request, Page { items, next }))
}
