//! Input that is meant to hurt: small to send, large to take.

use flate2::{Compression, FlushCompress, Status};

/// Zeros that one compressed piece stands for.
const PIECE_BYTES: usize = 1 << 20;

/// A valid gzip stream of so many zeros, a thousandth of their size: one compressed piece, repeated.
pub fn gzip_of_zeros(size_mib: u32) -> Vec<u8> {
    let zeros = vec![0_u8; PIECE_BYTES];
    let mut piece = Vec::with_capacity(8_192);
    // After a full flush the compressor remembers nothing, and the stream stands at the start of a byte: the piece may
    // follow itself.
    let status = flate2::Compress::new(Compression::best(), false)
        .compress_vec(&zeros, &mut piece, FlushCompress::Full)
        .expect("memory is the only thing it needs");
    assert_eq!(status, Status::Ok, "8 KiB hold a compressed MiB of zeros");

    let mut checksum = crc32fast::Hasher::new();
    let mut checksum_of_piece = crc32fast::Hasher::new();
    checksum_of_piece.update(&zeros);
    let mut stream = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    for _ in 0..size_mib {
        stream.extend(&piece);
        checksum.combine(&checksum_of_piece);
    }
    // An empty last block.
    stream.extend([0x03, 0x00]);
    stream.extend(checksum.finalize().to_le_bytes());
    // The trailer holds the size modulo 2³².
    let size_bytes = u64::from(size_mib) << 20;
    stream.extend(&size_bytes.to_le_bytes()[..4]);
    stream
}

/// An EPCIS document whose entities would grow to 10⁹ times their size.
pub fn billion_laughs() -> String {
    let mut document = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">");
    document.extend((1..=9).map(|level| {
        let tenfold = format!("&lol{};", level - 1).repeat(10);
        format!("<!ENTITY lol{level} \"{tenfold}\">")
    }));
    document.push_str("]>\n");
    document.push_str(&event_with_reference("&lol9;"));
    document
}

/// An EPCIS document that asks for another file's content.
pub fn external_entity(path: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY secret SYSTEM \"file://{path}\">]>\n{}",
        event_with_reference("&secret;")
    )
}

/// XML or JSON of so many levels.
pub fn deep_nesting(open: &str, close: &str, depth: usize) -> String {
    let mut document = open.repeat(depth);
    document.push_str(&close.repeat(depth));
    document
}

fn event_with_reference(reference: &str) -> String {
    format!(
        r#"<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2" creationDate="2026-01-01T00:00:00Z">
<EPCISBody><EventList><ObjectEvent><eventTime>2026-01-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>
<epcList><epc>{reference}</epc></epcList><action>OBSERVE</action></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"#
    )
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_zeros_are_a_valid_gzip_stream() {
        let stream = gzip_of_zeros(5);
        assert!(stream.len() < 5 * PIECE_BYTES / 500, "{} bytes", stream.len());
        let mut zeros = Vec::new();
        flate2::read::GzDecoder::new(&stream[..]).read_to_end(&mut zeros).expect("valid, checksum and size included");
        assert_eq!(zeros.len(), 5 * PIECE_BYTES);
        assert!(zeros.iter().all(|byte| *byte == 0));
    }
}
