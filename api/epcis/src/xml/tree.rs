//! The elements of one event or header, in one allocation that the next event uses again.

use std::sync::Arc;

use super::parser::{EPCIS_1, EPCIS_2};
use crate::model::{Name, Namespace, VERIDOSE_NAMESPACE};

/// What EPCIS 1.2 has no element for: spelled there in [`VERIDOSE_NAMESPACE`]. Its other names are extensions as any.
const ADDED: [&str; 4] = ["AssociationEvent", "certificationInfo", "persistentDisposition", "sensorElementList"];

/// Whose name an element or attribute has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// No namespace: as the standard's own elements below the document are.
    None,
    /// A namespace, by its place in the tree's table.
    Some(u32),
}

/// An element. Its children follow it in the tree, up to `end`.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) space: Space,
    pub(crate) line: u64,
    name: Span,
    text: Span,
    attributes: (u32, u32),
    end: u32,
    /// Whether text stands between its elements.
    pub(crate) mixed: bool,
}

#[derive(Debug)]
pub(crate) struct Attribute {
    space: Space,
    name: Span,
    value: Span,
}

#[derive(Debug, Clone, Copy, Default)]
struct Span {
    from: u32,
    to: u32,
}

/// A tree of elements. Sizes fit 32 bits: an event has at most [`crate::limits::EVENT_BYTES_MAX`] bytes.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    text: String,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    spaces: Vec<Arc<Namespace>>,
    open: Vec<u32>,
}

/// The index of a node.
pub(crate) type At = u32;

fn index(count: usize) -> u32 {
    u32::try_from(count).expect("an event has fewer bytes than 32 bits count")
}

impl Tree {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.nodes.clear();
        self.attributes.clear();
        self.spaces.clear();
        self.open.clear();
    }

    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Elements and attributes together.
    pub(crate) fn size(&self) -> usize {
        self.nodes.len() + self.attributes.len()
    }

    fn keep(&mut self, text: &str) -> Span {
        let from = index(self.text.len());
        self.text.push_str(text);
        Span { from, to: index(self.text.len()) }
    }

    /// Where a namespace stands in the table.
    pub(crate) fn space(&mut self, namespace: &Arc<Namespace>) -> Space {
        let known = self.spaces.iter().position(|known| Arc::ptr_eq(known, namespace));
        Space::Some(index(known.unwrap_or_else(|| {
            self.spaces.push(Arc::clone(namespace));
            self.spaces.len() - 1
        })))
    }

    /// Opens an element; its attributes follow.
    pub(crate) fn start(&mut self, space: Space, name: &str, line: u64) {
        self.close_text();
        let name = self.keep(name);
        let attributes = index(self.attributes.len());
        let here = index(self.nodes.len());
        self.nodes.push(Node {
            space,
            line,
            name,
            text: Span::default(),
            attributes: (attributes, attributes),
            end: here + 1,
            mixed: false,
        });
        self.open.push(here);
    }

    pub(crate) fn attribute(&mut self, space: Space, name: &str, value: &str) {
        let name = self.keep(name);
        let value = self.keep(value);
        self.attributes.push(Attribute { space, name, value });
        if let Some(node) = self.innermost() {
            node.attributes.1 += 1;
        }
    }

    fn innermost(&mut self) -> Option<&mut Node> {
        let at = *self.open.last()?;
        self.nodes.get_mut(at as usize)
    }

    fn has_children(&self, at: At) -> bool {
        self.nodes.len() > at as usize + 1
    }

    /// Adds text to the innermost element. Returns how long its text is now.
    pub(crate) fn push_text(&mut self, text: &str) -> usize {
        let Some(at) = self.open.last().copied() else { return 0 };
        if self.has_children(at) {
            if !text.trim_ascii().is_empty() {
                self.nodes[at as usize].mixed = true;
            }
            return 0;
        }
        let span = self.keep(text);
        let node = &mut self.nodes[at as usize];
        if node.text.from == node.text.to {
            node.text.from = span.from;
        }
        node.text.to = span.to;
        (node.text.to - node.text.from) as usize
    }

    /// The text before an element's first child is white space, or the element is mixed.
    fn close_text(&mut self) {
        let Some(at) = self.open.last().copied() else { return };
        if self.has_children(at) {
            return;
        }
        let text = self.nodes[at as usize].text;
        let blank = self.slice(text).trim_ascii().is_empty();
        let node = &mut self.nodes[at as usize];
        node.mixed |= !blank;
        node.text = Span::default();
    }

    /// Closes the innermost element. True when that was the root.
    pub(crate) fn end(&mut self) -> bool {
        let end = index(self.nodes.len());
        if let Some(at) = self.open.pop() {
            self.nodes[at as usize].end = end;
        }
        self.open.is_empty()
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.from as usize..span.to as usize]
    }

    pub(crate) fn node(&self, at: At) -> &Node {
        &self.nodes[at as usize]
    }

    pub(crate) fn local(&self, at: At) -> &str {
        self.slice(self.node(at).name)
    }

    pub(crate) fn text(&self, at: At) -> &str {
        self.slice(self.node(at).text)
    }

    /// Whether the element is one of the standard, qualified or not, or of what this codec adds for 1.2.
    pub(crate) fn is_standard(&self, at: At) -> bool {
        match self.node(at).space {
            Space::None => true,
            Space::Some(space) => {
                let uri = &*self.spaces[space as usize].uri;
                matches!(uri, EPCIS_1 | EPCIS_2) || uri == VERIDOSE_NAMESPACE && ADDED.contains(&self.local(at))
            }
        }
    }

    pub(crate) fn is(&self, at: At, local: &str) -> bool {
        self.is_standard(at) && self.local(at) == local
    }

    /// The name of an extension.
    pub(crate) fn name(&self, at: At) -> Name {
        self.name_of(self.node(at).space, self.local(at))
    }

    fn name_of(&self, space: Space, local: &str) -> Name {
        match space {
            Space::None => Name::new(None, local),
            Space::Some(space) => Name::new(Some(Arc::clone(&self.spaces[space as usize])), local),
        }
    }

    pub(crate) fn children(&self, at: At) -> Children<'_> {
        Children { tree: self, next: at + 1, end: self.node(at).end }
    }

    /// Attributes: whose they are, their local names and values.
    pub(crate) fn attributes(&self, at: At) -> impl Iterator<Item = (Space, &str, &str)> {
        let (from, to) = self.node(at).attributes;
        self.attributes[from as usize..to as usize]
            .iter()
            .map(|attribute| (attribute.space, self.slice(attribute.name), self.slice(attribute.value)))
    }

    /// The value of an attribute without a namespace.
    pub(crate) fn plain_attribute(&self, at: At, local: &str) -> Option<&str> {
        self.attributes(at).find(|(space, name, _)| *space == Space::None && *name == local).map(|(_, _, value)| value)
    }

    /// The value of an attribute in the namespace `uri`.
    pub(crate) fn attribute_of(&self, at: At, uri: &str, local: &str) -> Option<&str> {
        self.attributes(at)
            .find(|(space, name, _)| *name == local && self.space_uri(*space) == uri)
            .map(|(_, _, value)| value)
    }

    pub(crate) fn space_uri(&self, space: Space) -> &str {
        match space {
            Space::None => "",
            Space::Some(space) => &self.spaces[space as usize].uri,
        }
    }

    pub(crate) fn attribute_name(&self, space: Space, local: &str) -> Name {
        self.name_of(space, local)
    }
}

/// The children of an element in order.
pub(crate) struct Children<'t> {
    tree: &'t Tree,
    next: At,
    end: At,
}

impl Iterator for Children<'_> {
    type Item = At;

    fn next(&mut self) -> Option<At> {
        let child = (self.next < self.end).then_some(self.next)?;
        self.next = self.tree.node(child).end;
        Some(child)
    }
}
