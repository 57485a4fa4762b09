package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// sizes around the widths at which tiles and levels begin.
var sizes = []int64{1, 2, 255, 256, 257, 513, 66_000}

func TestWholeLogsAreAccepted(t *testing.T) {
	for _, size := range sizes {
		if _, failures := checkAll(writeLog(t, size)); len(failures) > 0 {
			t.Errorf("size %d: %v", size, failures)
		}
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	for _, size := range []int64{1, 255, 257, 700} {
		if _, failures := flipAll(writeLog(t, size), 120, uint64(size)); len(failures) > 0 {
			t.Errorf("size %d: %v", size, failures)
		}
	}
}

func TestAForeignKeyIsRefused(t *testing.T) {
	log, other := writeLog(t, 3), writeLog(t, 3)
	log.Verifier = other.Verifier
	if passed, failures := checkAll(log); passed != 0 || len(failures) != 2 {
		t.Errorf("%d checks passed with another log's key", passed)
	}
}

func TestAMissingTileIsRefused(t *testing.T) {
	log := writeLog(t, 300)
	if err := os.Remove(filepath.Join(log.Dir, "tile/0/000")); err != nil {
		t.Fatal(err)
	}
	if passed, _ := checkAll(log); passed != 0 {
		t.Errorf("%d checks passed without a tile", passed)
	}
}

// writeLog writes a log of the size as any tlog-tiles log does, an outgrown partial tile included.
func writeLog(t *testing.T, size int64) Log {
	t.Helper()
	dir := t.TempDir()
	secret, public, err := note.GenerateKey(rand.Reader, "interop.example/log")
	check(t, err)
	signer, err := note.NewSigner(secret)
	check(t, err)
	verifier, err := note.NewVerifier(public)
	check(t, err)
	var hashes memory
	var entries [][]byte
	for n := range size {
		entry := fmt.Appendf(nil, "entry %d", n)
		stored, err := tlog.StoredHashes(n, entry, hashes)
		check(t, err)
		hashes, entries = append(hashes, stored...), append(entries, entry)
	}
	for _, tile := range append(tlog.NewTiles(tileHeight, 0, size), tlog.Tile{H: tileHeight, W: 1}) {
		data, err := tlog.ReadTileData(tile, hashes)
		check(t, err)
		write(t, dir, tilePath(tile), data)
	}
	for _, bundle := range bundles(size) {
		var data []byte
		for _, entry := range entries[bundle.N*tileWidth:][:bundle.W] {
			data = append(binary.BigEndian.AppendUint16(data, uint16(len(entry))), entry...)
		}
		write(t, dir, tilePath(bundle), data)
	}
	root, err := tlog.TreeHash(size, hashes)
	check(t, err)
	text := fmt.Sprintf("%s\n%d\n%s\n", verifier.Name(), size, base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	check(t, err)
	write(t, dir, "checkpoint", signed)
	return Log{Dir: dir, Verifier: verifier}
}

func write(t *testing.T, dir, path string, data []byte) {
	t.Helper()
	full := filepath.Join(dir, path)
	check(t, os.MkdirAll(filepath.Dir(full), 0o755))
	check(t, os.WriteFile(full, data, 0o600))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
