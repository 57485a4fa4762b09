package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Log is a log in a directory and the key that signs its checkpoints.
type Log struct {
	Dir      string
	Verifier note.Verifier
}

// Checkpoint reads the checkpoint, checks its signature and origin, and gives the tree it commits to.
func (l Log) Checkpoint() (tlog.Tree, error) {
	bytes, err := os.ReadFile(filepath.Join(l.Dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	return l.parseCheckpoint(bytes)
}

func (l Log) parseCheckpoint(bytes []byte) (tlog.Tree, error) {
	opened, err := note.Open(bytes, note.VerifierList(l.Verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.SplitN(opened.Text, "\n", 4)
	if len(lines) < 4 {
		return tlog.Tree{}, fmt.Errorf("checkpoint: expected origin, size and root, got %q", opened.Text)
	}
	if lines[0] != l.Verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("checkpoint: origin %q, key of %q", lines[0], l.Verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("checkpoint: size %q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("checkpoint: root %q", lines[2])
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}

// tilePath is a tile's path in tlog-tiles form, which, unlike the Go checksum database, names no height.
func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if rest, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + rest
	}
	return filepath.Join("tile", path)
}

// tileOfPath is the inverse of tilePath.
func tileOfPath(path string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(filepath.ToSlash(path), "tile/")
	if entries, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + entries
	}
	return tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, rest))
}

// fileOf names the file that holds the tile: its own or, when that is gone, the full one that replaced it.
func (l Log) fileOf(tile tlog.Tile) (string, error) {
	path := filepath.Join(l.Dir, tilePath(tile))
	if _, err := os.Stat(path); err == nil || tile.W == tileWidth {
		return path, err
	}
	full := tile
	full.W = tileWidth
	path = filepath.Join(l.Dir, tilePath(full))
	_, err := os.Stat(path)
	return path, err
}

// Entries reads the first tile.W entries of an entry bundle.
func (l Log) Entries(tile tlog.Tile) ([][]byte, error) {
	path, err := l.fileOf(tile)
	if err != nil {
		return nil, err
	}
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	exact := strings.HasSuffix(path, tilePath(tile))
	entries, length, err := parseBundle(bytes, tile.W)
	if err == nil && exact && length != len(bytes) {
		err = fmt.Errorf("%d bytes after the last entry", len(bytes)-length)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

// parseBundle reads count entries, each after its length, and says how many bytes they take.
func parseBundle(bytes []byte, count int) (entries [][]byte, length int, err error) {
	for n := range count {
		if len(bytes) < length+2 {
			return nil, 0, fmt.Errorf("entry %d of %d: no room for its length", n, count)
		}
		size := int(binary.BigEndian.Uint16(bytes[length:]))
		length += 2
		if len(bytes) < length+size {
			return nil, 0, fmt.Errorf("entry %d of %d: %d bytes announced, %d there", n, count, size, len(bytes)-length)
		}
		entries = append(entries, bytes[length:length+size])
		length += size
	}
	return entries, length, nil
}

// bundles lists the entry bundles of a tree of the size.
func bundles(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for n := int64(0); n*tileWidth < size; n++ {
		tiles = append(tiles, tlog.Tile{H: tileHeight, L: -1, N: n, W: int(min(tileWidth, size-n*tileWidth))})
	}
	return tiles
}
