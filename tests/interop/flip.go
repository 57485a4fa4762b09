package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// region is a part of a file that the checkpoint commits to.
type region struct {
	path    string
	start   int
	end     int
	tessera bool // whether Tessera reads it: not so a partial tile that the log has outgrown
}

// flipAll flips single bits in a copy of the log. Each must be refused by sumdb/tlog and, where it reads the byte, by
// Tessera; with the bit restored the log must pass again, or the refusals would prove nothing.
func flipAll(log Log, count int, seed uint64) (passed int, failures []error) {
	fail := func(err error) (int, []error) { return passed, append(failures, err) }
	dir, err := os.MkdirTemp("", "veridose-flips-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(log.Dir)); err != nil {
		return fail(err)
	}
	mirror := Log{Dir: dir, Verifier: log.Verifier}
	regions, err := mirror.regions()
	if err != nil {
		return fail(fmt.Errorf("the log is refused before any flip: %w", err))
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range count {
		// The checkpoint is small, so it gets every eighth flip; chance alone would seldom pick it.
		target := regions[0]
		if n%8 != 0 {
			target = pick(regions, random)
		}
		offset := target.start + random.IntN(target.end-target.start)
		if err := mirror.flip(target, offset, byte(1)<<random.IntN(8)); err != nil {
			failures = append(failures, err)
		} else {
			passed++
		}
	}
	if _, errs := checkAll(mirror); len(errs) > 0 {
		failures = append(failures, fmt.Errorf("the log is refused after its bits were restored: %w", errors.Join(errs...)))
	} else {
		passed++
	}
	fmt.Printf("%d bits flipped in %d files, seed %d\n", count, len(regions), seed)
	return passed, failures
}

func pick(regions []region, random *rand.Rand) region {
	total := 0
	for _, r := range regions {
		total += r.end - r.start
	}
	at := random.IntN(total)
	for _, r := range regions {
		if at -= r.end - r.start; at < 0 {
			return r
		}
	}
	panic("the lengths add up to the total")
}

func (l Log) flip(target region, offset int, mask byte) error {
	path := filepath.Join(l.Dir, target.path)
	original, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	flipped := bytes.Clone(original)
	flipped[offset] ^= mask
	if err := os.WriteFile(path, flipped, 0o600); err != nil {
		return err
	}
	_, refusal := l.CheckWithTlog()
	var fsckRefusal error
	if target.tessera {
		fsckRefusal = l.CheckWithTessera()
	}
	if err := os.WriteFile(path, original, 0o600); err != nil {
		return err
	}
	where := fmt.Sprintf("bit %08b of byte %d of %s", mask, offset, target.path)
	switch {
	case refusal == nil:
		return fmt.Errorf("sumdb/tlog accepts a log with %s flipped", where)
	case target.tessera && fsckRefusal == nil:
		return fmt.Errorf("Tessera's fsck accepts a log with %s flipped", where)
	case errors.Is(fsckRefusal, errHung):
		return fmt.Errorf("%w with %s flipped", fsckRefusal, where)
	}
	return nil
}

// regions lists what the checkpoint commits to, the checkpoint itself first.
func (l Log) regions() ([]region, error) {
	tree, err := l.Checkpoint()
	if err != nil {
		return nil, err
	}
	signed, err := l.signedLength()
	if err != nil {
		return nil, err
	}
	found := []region{{path: "checkpoint", end: signed, tessera: true}}
	err = l.walk(tree.N, func(path string, tile tlog.Tile) error {
		covered := region{path: path, end: tile.W * tlog.HashSize}
		if tile.L < 0 {
			data, err := os.ReadFile(filepath.Join(l.Dir, path))
			if err != nil {
				return err
			}
			if _, covered.end, err = parseBundle(data, tile.W); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		needed := tile
		needed.W = int(min(tileWidth, (tree.N>>(tileHeight*max(tile.L, 0)))-tile.N*tileWidth))
		file, err := l.fileOf(needed)
		covered.tessera = err == nil && file == filepath.Join(l.Dir, path)
		if covered.end > 0 {
			found = append(found, covered)
		}
		return nil
	})
	return found, err
}

// signedLength is the length of the checkpoint up to the last character of the log's own signature that carries
// nothing but signature: base64 of 68 bytes ends with a character of which two bits mean nothing, and a padding sign.
// Lines of witnesses after it are checked with their keys, not with the log's.
func (l Log) signedLength() (int, error) {
	data, err := os.ReadFile(filepath.Join(l.Dir, "checkpoint"))
	if err != nil {
		return 0, err
	}
	start := bytes.Index(data, []byte("\n\n— "+l.Verifier.Name()+" "))
	if start < 0 {
		return 0, fmt.Errorf("checkpoint: the log's signature is not its first")
	}
	length := bytes.IndexByte(data[start+2:], '\n')
	if length < 0 {
		return 0, fmt.Errorf("checkpoint: the signature's line does not end")
	}
	return start + 2 + length - 2, nil
}
