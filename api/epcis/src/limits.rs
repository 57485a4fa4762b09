//! How much of anything one document may hold. Every bound of the codec stands here.

/// Bytes of one event as it is written. A pallet of 100,000 packs takes about 6 MB.
pub const EVENT_BYTES_MAX: usize = 32 << 20;

/// Bytes of everything before the first event: SBDH, master data, extensions.
pub const HEADER_BYTES_MAX: usize = 32 << 20;

/// Elements and attributes (XML) or values (JSON) of one event or one header.
pub const NODES_MAX: usize = 500_000;

/// EPCs of one event, all its lists together.
pub const EPCS_PER_EVENT_MAX: usize = 100_000;

/// Nested elements, objects and lists.
pub const DEPTH_MAX: usize = 48;

/// Attributes of one XML element, namespace declarations included.
pub const ATTRIBUTES_MAX: usize = 64;

/// Bytes of one text or string.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// Characters of one number: beyond it nothing is measured, only memory spent.
pub const NUMBER_CHARS_MAX: usize = 64;

/// Namespace prefixes in scope at once.
pub const NAMESPACES_MAX: usize = 256;
