package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// samplesMax bounds the proofs checked of a long log; a shorter one has each of its entries and sizes proven.
const samplesMax = 512

// CheckWithTlog rebuilds the tree from the entries alone and compares its root, every tile, and proofs of inclusion
// and consistency made from the tiles. It returns the log's size.
func (l Log) CheckWithTlog() (int64, error) {
	tree, err := l.Checkpoint()
	if err != nil {
		return 0, err
	}
	hashes, leaves, err := l.rebuild(tree.N)
	if err != nil {
		return 0, err
	}
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, hashes)
		if err != nil {
			return 0, err
		}
		if root != tree.Hash {
			return 0, fmt.Errorf("root from the entries is %v, the checkpoint says %v", root, tree.Hash)
		}
	}
	if err := l.checkFiles(tree.N, hashes); err != nil {
		return 0, err
	}
	return tree.N, l.checkProofs(tree, hashes, leaves)
}

// memory holds the hashes of a tree in storage order.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(m)) {
			return nil, fmt.Errorf("hash %d is beyond the tree", index)
		}
		found[i] = m[index]
	}
	return found, nil
}

func (l Log) rebuild(size int64) (memory, []tlog.Hash, error) {
	var hashes memory
	var leaves []tlog.Hash
	for _, bundle := range bundles(size) {
		entries, err := l.Entries(bundle)
		if err != nil {
			return nil, nil, err
		}
		for _, entry := range entries {
			leaf := tlog.RecordHash(entry)
			stored, err := tlog.StoredHashesForRecordHash(int64(len(leaves)), leaf, hashes)
			if err != nil {
				return nil, nil, err
			}
			hashes = append(hashes, stored...)
			leaves = append(leaves, leaf)
		}
	}
	return hashes, leaves, nil
}

// checkFiles compares every file under tile/, also partial tiles that the log has outgrown, with the tree.
func (l Log) checkFiles(size int64, hashes memory) error {
	return l.walk(size, func(path string, tile tlog.Tile) error {
		data, err := os.ReadFile(filepath.Join(l.Dir, path))
		if err != nil {
			return err
		}
		if tile.L < 0 {
			return l.checkBundle(path, tile, data, hashes)
		}
		expected, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !bytes.HasPrefix(data, expected) {
			return fmt.Errorf("%s: its hashes are not the tree's", path)
		}
		return nil
	})
}

func (l Log) checkBundle(path string, tile tlog.Tile, data []byte, hashes memory) error {
	entries, _, err := parseBundle(data, tile.W)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for n, entry := range entries {
		index := tlog.StoredHashIndex(0, tile.N*tileWidth+int64(n))
		if tlog.RecordHash(entry) != hashes[index] {
			return fmt.Errorf("%s: entry %d is not the tree's", path, n)
		}
	}
	return nil
}

// walk visits every tile and bundle file that a tree of the size covers, with the width that is covered. What lies
// beyond the checkpoint is not yet published and commits to nothing.
func (l Log) walk(size int64, visit func(path string, tile tlog.Tile) error) error {
	return filepath.WalkDir(filepath.Join(l.Dir, "tile"), func(full string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		path, err := filepath.Rel(l.Dir, full)
		if err != nil {
			return err
		}
		tile, err := tileOfPath(path)
		if err != nil {
			return fmt.Errorf("%s: not a tile", path)
		}
		covered := (size >> (tileHeight * max(tile.L, 0))) - tile.N*tileWidth
		if covered <= 0 {
			return nil
		}
		tile.W = int(min(int64(tile.W), covered))
		return visit(path, tile)
	})
}

// checkProofs does what a client of the log does: it reads authenticated tiles and proves inclusion and consistency.
func (l Log) checkProofs(tree tlog.Tree, hashes memory, leaves []tlog.Hash) error {
	if tree.N == 0 {
		return nil
	}
	reader := tlog.TileHashReader(tree, &tiles{l})
	step := 1 + tree.N/samplesMax
	for n := int64(0); n < tree.N; n += step {
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		if err != nil {
			return fmt.Errorf("inclusion of entry %d: %w", n, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[n]); err != nil {
			return fmt.Errorf("inclusion of entry %d: %w", n, err)
		}
		older, err := tlog.TreeHash(n+1, hashes)
		if err != nil {
			return err
		}
		consistency, err := tlog.ProveTree(tree.N, n+1, reader)
		if err != nil {
			return fmt.Errorf("consistency with size %d: %w", n+1, err)
		}
		if err := tlog.CheckTree(consistency, tree.N, tree.Hash, n+1, older); err != nil {
			return fmt.Errorf("consistency with size %d: %w", n+1, err)
		}
	}
	return nil
}

// tiles reads tiles from the directory for tlog's authenticating reader.
type tiles struct{ log Log }

func (t *tiles) Height() int { return tileHeight }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		path, err := t.log.fileOf(tile)
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes, expected %d", path, len(data), tile.W*tlog.HashSize)
		}
		found[i] = data[:tile.W*tlog.HashSize]
	}
	return found, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}
