package main

import (
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

// CheckContinues refuses a log that is not a continuation of the one that an earlier signed checkpoint, kept in a file,
// describes: one that was rolled back or forked since.
func (l Log) CheckContinues(earlier string) error {
	bytes, err := os.ReadFile(earlier)
	if err != nil {
		return err
	}
	older, err := l.parseCheckpoint(bytes)
	if err != nil {
		return fmt.Errorf("the earlier %w", err)
	}
	tree, err := l.Checkpoint()
	if err != nil {
		return err
	}
	if tree.N < older.N {
		return fmt.Errorf("rolled back: the log has %d entries, the earlier checkpoint %d", tree.N, older.N)
	}
	if older.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, older.N, tlog.TileHashReader(tree, &tiles{l}))
	if err != nil {
		return fmt.Errorf("consistency with size %d: %w", older.N, err)
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash); err != nil {
		return fmt.Errorf("forked: the log does not continue the earlier checkpoint of %d entries: %w", older.N, err)
	}
	return nil
}
