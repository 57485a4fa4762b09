//! Events and master data as the codec has them.

use std::sync::Arc;

use veridose_epcis::model::{
    Action, BizTransaction, CBVMDA_NAMESPACE, Event as EpcisEvent, EventKind, Fields, Header, MasterData,
    MasterDataAttribute, MasterDataElement, Name, Namespace, Number, Object, Party, Place, QuantityElement,
    SensorElement, SensorMetadata, SensorReport, Term, Timestamp, Uri, VERIDOSE_NAMESPACE, VERIDOSE_PREFIX, Value,
    Vocabulary, ZoneOffset,
};

use crate::event::{Epc, Event, Handoff, Moment, Scan, SiteId, Step, Temperature};
use crate::name::Names;
use crate::network::Network;
use crate::truth::rfc3339;

/// Places or products that one document of master data describes, at most.
const ELEMENTS_MAX: usize = 5_000;

/// The words of a step: kind of event, action, business step and disposition of the Core Business Vocabulary.
const fn words(step: Step) -> (EventKind, Option<Action>, &'static str, Option<&'static str>) {
    use EventKind::{Aggregation, Object, Transformation};
    let (add, observe, delete) = (Some(Action::Add), Some(Action::Observe), Some(Action::Delete));
    match step {
        Step::Commission => (Object, add, "commissioning", Some("active")),
        Step::Packing => (Aggregation, add, "packing", Some("in_progress")),
        Step::Unpacking => (Aggregation, delete, "unpacking", Some("in_progress")),
        Step::Transform => (Transformation, None, "repackaging", Some("active")),
        Step::Ship => (Object, observe, "shipping", Some("in_transit")),
        Step::ShipReturn => (Object, observe, "shipping", Some("returned")),
        Step::Receive => (Object, observe, "receiving", Some("in_progress")),
        Step::ReceiveReturn => (Object, observe, "receiving", Some("returned")),
        Step::Inspect => (Object, observe, "inspecting", None),
        Step::Dispense => (Object, delete, "dispensing", Some("dispensed")),
        Step::Undo => (Object, observe, "other", Some("available")),
        Step::Recall => (Object, observe, "holding", Some("recalled")),
        Step::Destroy => (Object, delete, "destroying", Some("destroyed")),
    }
}

/// Writes events down.
pub(crate) struct Scribe<'a> {
    names: Names<'a>,
    own: Arc<Namespace>,
    cbvmda: Arc<Namespace>,
}

impl<'a> Scribe<'a> {
    pub(crate) fn new(names: Names<'a>) -> Self {
        let (own, cbvmda) =
            (Namespace::new(VERIDOSE_PREFIX, VERIDOSE_NAMESPACE), Namespace::new("cbvmda", CBVMDA_NAMESPACE));
        Self { names, own, cbvmda }
    }

    /// What stands before the events of a document that was made at the moment.
    pub(crate) fn header(&self, made: Moment) -> Header {
        Header { creation_date: Some(timestamp(made)), namespaces: vec![Arc::clone(&self.own)], ..Header::default() }
    }

    pub(crate) fn event(&self, event: &Event) -> EpcisEvent {
        let (kind, action, step, disposition) = words(event.step);
        let mut out = EpcisEvent::new(kind, timestamp(event.time), self.offset(event.site));
        out.record_time = Some(timestamp(event.recorded));
        out.event_id = Some(uri(&event_id(self.names.seed, event.id)));
        out.action = action;
        out.biz_step = Some(term(Vocabulary::BizStep, step));
        out.disposition = disposition.map(|word| term(Vocabulary::Disposition, word));
        out.parent_id = event.parent.as_ref().map(|parent| uri(&self.names.uri(parent)));
        let epcs = self.uris(&event.epcs);
        match kind {
            EventKind::Aggregation | EventKind::Association => out.child_epcs = epcs,
            EventKind::Transformation => {
                out.input_epc_list = epcs;
                out.output_epc_list = self.uris(&event.outputs);
            }
            EventKind::Object | EventKind::Transaction => out.epc_list = epcs,
        }
        let here = Place { id: uri(&self.names.site(event.site)), extensions: Fields::default() };
        let leaves = matches!(event.step, Step::Ship | Step::ShipReturn);
        out.biz_location = (!leaves).then(|| here.clone());
        out.read_point = Some(here);
        self.lot(event, &mut out);
        if let Some(handoff) = event.handoff {
            self.handoff(handoff, &mut out);
        }
        if let Some(scan) = &event.scan {
            self.scan(event, scan, &mut out);
        }
        out.sensor_element_list = event.temperature.iter().map(|sensed| sensor(*sensed, event.time)).collect();
        out
    }

    fn offset(&self, site: SiteId) -> ZoneOffset {
        let minutes = self.names.network.sites[site].country().offset_minutes;
        let sign = if minutes < 0 { '-' } else { '+' };
        let text = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        ZoneOffset::parse(&text).expect("the countries have offsets of their own")
    }

    fn uris(&self, epcs: &[Epc]) -> Vec<Uri> {
        epcs.iter().map(|epc| uri(&self.names.uri(epc))).collect()
    }

    fn lot(&self, event: &Event, out: &mut EpcisEvent) {
        let Some(lot) = event.lot else { return };
        if event.step == Step::Recall {
            let class = uri(&self.names.lot_class(lot));
            out.quantity_list = vec![QuantityElement { epc_class: class, quantity: None, uom: None }];
            return;
        }
        let name = |local| Name::new(Some(Arc::clone(&self.cbvmda)), local);
        out.ilmd.add(name("lotNumber"), text(&self.names.lot(lot)));
        out.ilmd.add(name("itemExpirationDate"), text(&self.names.expiry(lot).to_string()));
    }

    fn handoff(&self, handoff: Handoff, out: &mut EpcisEvent) {
        let end = |site: SiteId| {
            let id = uri(&self.names.site(site));
            let one = |kind| Party { kind: term(Vocabulary::SourceDestType, kind), id: id.clone() };
            vec![one("owning_party"), one("possessing_party"), one("location")]
        };
        out.source_list = end(handoff.from);
        out.destination_list = end(handoff.to);
        let paper = |kind: &str, number: &str, party: SiteId| {
            let gln = self.names.network.sites[party].gln;
            let id = uri(&format!("urn:epcglobal:cbv:bt:{gln:013}:{number}{}", handoff.papers));
            BizTransaction { kind: Some(term(Vocabulary::BizTransactionType, kind)), id }
        };
        out.biz_transaction_list = vec![paper("po", "PO", handoff.to), paper("desadv", "DA", handoff.from)];
    }

    fn scan(&self, event: &Event, scan: &Scan, out: &mut EpcisEvent) {
        let (lot, expiry) = match (scan, event.epcs.first()) {
            (Scan::Read { lot, expiry }, _) => (lot.as_deref().map(text), Some(text(expiry))),
            (Scan::AsPrinted, Some(Epc::Pack(pack))) => {
                let expiry = self.names.expiry(pack.lot).to_string();
                (Some(text(&self.names.lot(pack.lot))), Some(text(&expiry)))
            }
            (Scan::AsPrinted, _) => (None, None),
        };
        let own = |local| Name::new(Some(Arc::clone(&self.own)), local);
        let mut scanned = Object::default();
        // Packs of several lots in one scan have no lot in common.
        let lots = event.epcs.iter().filter_map(|epc| if let Epc::Pack(pack) = epc { Some(pack.lot) } else { None });
        let mut lots: Vec<u32> = lots.collect();
        lots.dedup();
        if lots.len() <= 1 {
            let known = [("lot", lot), ("expiry", expiry)].into_iter().filter_map(|(name, value)| Some((name, value?)));
            known.for_each(|(name, value)| scanned.fields.add(Name::new(None, name), value));
        }
        if !scanned.fields.is_empty() {
            out.extensions.add(own("scanned"), Value::Object(Box::new(scanned)));
        }
        let gln = self.names.network.sites[event.site].gln;
        out.extensions.add(own("client"), text(&format!("{gln:013}-{}", event.terminal)));
    }
}

/// Headers of documents without events that describe all places and products.
pub(crate) fn master_data(names: &Names<'_>, made: Moment) -> Vec<Header> {
    let places = (0..names.network.sites.len()).map(|site| place(names, site)).collect();
    let products = (0..names.network.products.len()).map(|product| self::product(names, product)).collect();
    let mut headers = Vec::new();
    for (kind, elements) in [("Location", places), ("EPCClass", products)] {
        let elements: Vec<MasterDataElement> = elements;
        for part in elements.chunks(ELEMENTS_MAX) {
            let kind = uri(&format!("urn:epcglobal:epcis:vtype:{kind}"));
            let list = MasterData { kind, elements: part.to_vec(), extensions: Fields::default() };
            headers.push(Header { master_data: vec![list], ..Scribe::new(*names).header(made) });
        }
    }
    headers
}

fn place(names: &Names<'_>, id: SiteId) -> MasterDataElement {
    let site = &names.network.sites[id];
    let mda = |name: &str, value: &str| attribute(&format!("urn:epcglobal:cbv:mda#{name}"), value);
    let name = format!("{} {} {}", site.city, site.role.name(), id);
    let attributes = vec![
        mda("name", &name),
        mda("city", site.city),
        mda("countryCode", site.country().code),
        mda("latitude", &site.latitude.to_string()),
        mda("longitude", &site.longitude.to_string()),
        attribute(&format!("{VERIDOSE_PREFIX}:role"), site.role.name()),
    ];
    MasterDataElement { id: uri(&names.site(id)), attributes, children: Vec::new(), extensions: Fields::default() }
}

fn product(names: &Names<'_>, index: usize) -> MasterDataElement {
    let Network { products, sites, .. } = names.network;
    let product = &products[index];
    let mda = |name: &str, value: &str| attribute(&format!("urn:epcglobal:cbv:mda#{name}"), value);
    let own = |name: &str, value: &str| attribute(&format!("{VERIDOSE_PREFIX}:{name}"), value);
    let mut attributes = vec![
        mda("regulatedProductName", &product.name),
        mda("manufacturerOfTradeItemPartyName", &format!("{:013}", sites[product.maker].gln)),
        own("price", &product.price.to_string()),
    ];
    if product.cold {
        attributes.push(own("storage", "2-8 CEL"));
    }
    attributes.extend(product.sellers.iter().map(|seller| own("authorisedSeller", &names.site(*seller))));
    MasterDataElement {
        id: uri(&format!("https://id.gs1.org/01/{:014}", product.gtin)),
        attributes,
        children: Vec::new(),
        extensions: Fields::default(),
    }
}

fn attribute(id: &str, value: &str) -> MasterDataAttribute {
    MasterDataAttribute { id: uri(id), value: text(value) }
}

fn sensor(sensed: Temperature, until: Moment) -> SensorElement {
    let degrees = |tenths: i32| Number::parse(&format!("{}.{}", tenths / 10, tenths % 10)).expect("a decimal");
    let report = SensorReport {
        kind: Some(term(Vocabulary::Measurement, "Temperature")),
        min_value: Some(degrees(sensed.low)),
        max_value: Some(degrees(sensed.high)),
        uom: Some("CEL".into()),
        ..SensorReport::default()
    };
    let metadata = SensorMetadata {
        start_time: Some(timestamp(sensed.since)),
        end_time: Some(timestamp(until)),
        ..SensorMetadata::default()
    };
    SensorElement { metadata: Some(metadata), reports: vec![report], extensions: Fields::default() }
}

/// A UUID of version 8 (RFC 9562, 5.8) that seed and number give.
fn event_id(seed: u64, id: u64) -> String {
    let (high, low) = (mixed(seed ^ id.rotate_left(32)), mixed(seed.wrapping_add(id)));
    let node = low & 0xffff_ffff_ffff;
    let [a, b, c, d] = [high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 48 & 0x3fff | 0x8000];
    format!("urn:uuid:{a:08x}-{b:04x}-8{c:03x}-{d:04x}-{node:012x}")
}

/// The finaliser of `SplitMix64`, a bijection: different numbers stay different.
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

fn timestamp(moment: Moment) -> Timestamp {
    Timestamp::parse(&rfc3339(moment)).expect("RFC 3339 is what EPCIS asks for")
}

fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("names are URIs")
}

fn term(vocabulary: Vocabulary, word: &str) -> Term {
    Term::parse(vocabulary, word).expect("a word of the vocabulary")
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}
