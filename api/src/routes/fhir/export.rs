//! Everything about me, to take along: as a FHIR Bundle for machines, as PDF for people.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde_json::Value;
use veridose_fhir::{Moment, Release, collection};

use super::access::Reader;
use super::records::all;
use super::whose::PatientId;
use super::{Asked, Outcomes, Wrong, base, media};
use crate::node::Node;
use crate::pdf::{Block, document};
use crate::problem::{Kind, Problem};
use crate::routes::consents::Keeper;

/// Values that stand in the PDF; the Bundle has all.
const LINES_MAX: usize = 20_000;

/// Everything that is kept of the patient who asks, as a FHIR Bundle.
#[utoipa::path(
    tag = "patients",
    responses((status = 200, description = "A collection Bundle", body = Value, content_type = "application/fhir+json"), Outcomes)
)]
#[get("/patients/me/export")]
pub(in crate::routes) async fn json(
    reader: Asked<Reader>,
    keeper: Asked<Keeper>,
    node: web::Data<Node>,
    request: HttpRequest,
) -> Result<HttpResponse, Wrong> {
    let mine = mine(&node, &reader.0, &keeper.0).await?;
    let at = Moment::text(node.clock().now()).unwrap_or_default();
    let bundle = collection(&base(&request), &at, mine);
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Disposition", "attachment; filename=\"my-record.json\""))
        .content_type(media(Release::R4))
        .body(bundle.to_string()))
}

/// The same as PDF.
#[utoipa::path(
    tag = "patients",
    responses((status = 200, description = "A PDF document", body = Vec<u8>, content_type = "application/pdf"), Outcomes)
)]
#[get("/patients/me/export.pdf")]
pub(in crate::routes) async fn pdf(
    reader: Asked<Reader>,
    keeper: Asked<Keeper>,
    node: web::Data<Node>,
) -> Result<HttpResponse, Wrong> {
    let mine = mine(&node, &reader.0, &keeper.0).await?;
    let at = Moment::text(node.clock().now()).unwrap_or_default();
    let bytes = web::block(move || document("Everything about me", &blocks(&at, &mine))).await;
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Disposition", "attachment; filename=\"my-record.pdf\""))
        .content_type("application/pdf")
        .body(bytes.map_err(Problem::internal)?))
}

async fn mine(node: &Node, reader: &Reader, keeper: &Keeper) -> Result<Vec<Value>, Wrong> {
    let own = reader.own().ok_or_else(|| Problem::new(Kind::Forbidden, "patients take along what is theirs"))?;
    all(node, reader, keeper, PatientId::of(node, own)).await
}

/// Each resource under its name, a line for each value, named by its place in the resource.
fn blocks(at: &str, resources: &[Value]) -> Vec<Block> {
    let mut blocks = vec![
        Block::Title("Everything about me".to_owned()),
        Block::Text(format!("As kept on {at}. {} entries. The same stands in the FHIR Bundle.", resources.len())),
    ];
    let mut left = LINES_MAX;
    for resource in resources {
        let mut lines: Vec<String> =
            self::lines(resource).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
        lines.truncate(left);
        left -= lines.len();
        blocks.push(Block::Heading(resource["resourceType"].as_str().unwrap_or_default().to_owned()));
        blocks.push(Block::Text(lines.join("\n")));
    }
    if left == 0 {
        blocks.push(Block::Text("There is more: the Bundle holds all of it.".to_owned()));
    }
    blocks
}

/// A resource's values, each with its place in the resource.
pub(in crate::routes) fn lines(resource: &Value) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    tell(resource, "", &mut lines);
    lines
}

fn tell(value: &Value, name: &str, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter().filter(|(key, _)| *key != "resourceType") {
                tell(value, &if name.is_empty() { key.clone() } else { format!("{name}.{key}") }, lines);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                tell(value, &if values.len() == 1 { name.to_owned() } else { format!("{name}[{index}]") }, lines);
            }
        }
        Value::String(text) => lines.push((name.to_owned(), text.clone())),
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => lines.push((name.to_owned(), value.to_string())),
    }
}
