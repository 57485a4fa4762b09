//! The tree against the Go port's, the tiles on disk against the tree, proofs between all sizes, segments that follow.

use std::sync::Arc;

use tlog_tiles::{Hash as TlogHash, HashReader};
use veridose_contract::merkle;

use super::tree::{Edge, FullTile, TILE};
use super::{Log, LogKey, tile_path};
use crate::io::Local;
use crate::log::Place;

/// Keeps every hash, as the reference implementation wants it.
#[derive(Default)]
struct Reference(Vec<TlogHash>);

impl HashReader for Reference {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<TlogHash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).expect("small")]).collect())
    }
}

fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

#[test]
fn the_right_edge_gives_the_root_of_the_reference_at_every_size() {
    let (mut edge, mut reference, mut full) = (Edge::default(), Reference::default(), Vec::new());
    assert_eq!(edge.root(), merkle::root(std::iter::empty()));
    for number in 0..1_500 {
        let hashes = tlog_tiles::stored_hashes(number, &entry(number), &reference).expect("hashes");
        reference.0.extend(hashes);
        edge.push(&entry(number), &mut full);
        let root = tlog_tiles::tree_hash(number + 1, &reference).expect("a root");
        assert_eq!(edge.root(), root.0, "{} entries", number + 1);
    }
    let places: Vec<_> = full.iter().map(|tile: &FullTile| (tile.level, tile.number, tile.hashes.len())).collect();
    assert_eq!(places, [(0, 0, TILE), (0, 1, TILE), (0, 2, TILE), (0, 3, TILE), (0, 4, TILE)]);
}

#[test]
fn tiles_have_the_paths_of_the_specification() {
    assert_eq!(tile_path(Place::Hashes(0), 0, TILE), "tile/0/000");
    assert_eq!(tile_path(Place::Hashes(1), 1_234_067, TILE), "tile/1/x001/x234/067");
    assert_eq!(tile_path(Place::Hashes(2), 5, 17), "tile/2/005.p/17");
    assert_eq!(tile_path(Place::Entries, 1_000, 3), "tile/entries/x001/000.p/3");
}

#[test]
fn proofs_hold_between_all_sizes_and_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = LogKey::generate("example.org/log").expect("a key");
    let open =
        || Log::open(Arc::new(Local), folder.path(), LogKey::parse(key.text()).expect("our own")).expect("opens");
    let (log, mut writer) = open();
    let mut roots = vec![log.head().1];
    for number in 0..600 {
        writer.append(&[], &[entry(number)]).expect("appends");
        roots.push(log.head().1);
        if number % 37 == 0 {
            log.publish().expect("publishes");
        }
    }
    drop((log, writer));
    let (log, mut writer) = open();
    let checkpoint = log.publish().expect("publishes");
    assert_eq!((checkpoint.size, checkpoint.root), (600, roots[600]));
    for index in [0, 1, 255, 256, 511, 512, 599] {
        let path = log.inclusion(index, 600, &checkpoint.root).expect("a proof");
        let leaf = merkle::leaf_hash(&entry(index));
        assert!(merkle::verify(&leaf, index, 600, &path, &checkpoint.root));
    }
    for (old, root) in (1u64..).zip(&roots[1..]).step_by(41) {
        let proof = log.consistency(old, 600, &checkpoint.root).expect("a proof").into_iter().map(TlogHash).collect();
        tlog_tiles::check_tree(&proof, 600, TlogHash(checkpoint.root), old, TlogHash(*root)).expect("holds");
        assert_eq!(log.root_at(old).expect("a root"), *root);
    }
    let all = log.entry_bytes(0, 1_000).expect("entries");
    assert!(all.len() == 600 && all.iter().zip(0..).all(|(found, number)| **found == entry(number)));
    writer.append(&[], &[entry(600)]).expect("goes on");
}

#[test]
fn a_full_segment_is_followed_by_another_and_removed_once_its_tiles_are_synced() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = LogKey::generate("example.org/log").expect("a key");
    let open =
        || Log::open(Arc::new(Local), folder.path(), LogKey::parse(key.text()).expect("our own")).expect("opens");
    let (log, mut writer) = open();
    let large = |number: u64| [entry(number), vec![b'.'; 60_000]].concat();
    let segments = || std::fs::read_dir(folder.path().join("wal")).expect("lists").count();
    for group in 0..32 {
        let entries: Vec<_> = (group * 20..group * 20 + 20).map(large).collect();
        writer.append(&[], &entries).expect("appends");
    }
    assert!(segments() > 1);
    let root = log.head().1;
    drop((log, writer));
    let (log, writer) = open();
    assert_eq!(log.head(), (640, root));
    log.publish().expect("publishes");
    drop((log, writer));
    // The next publication finds the first segment superseded.
    let (log, mut writer) = open();
    writer.append(&[], &[large(640)]).expect("appends");
    log.publish().expect("publishes");
    drop((log, writer));
    assert_eq!(segments(), 1);
    let (log, _writer) = open();
    assert_eq!(*log.entry(3).expect("from a tile"), large(3)[..]);
    assert_eq!(log.size(), 641);
}
