package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"k8s.io/klog/v2"
)

// workers of fsck: each ends at its first error, and fsck waits for ever when none is left. One flipped bit spoils at
// most one tile of each level, so these suffice.
const workers = 16

// CheckWithTessera runs Tessera's fsck over the directory.
func (l Log) CheckWithTessera() error {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	done := make(chan error, 1)
	go func() {
		// fsck trusts a bundle to hold as many entries as the size says and panics when it holds fewer.
		defer func() {
			if reason := recover(); reason != nil {
				done <- fmt.Errorf("fsck gave up: %v", reason)
			}
		}()
		source := client.FileFetcher{Root: l.Dir}
		done <- fsck.New(l.Verifier.Name(), l.Verifier, source, leafHashes, fsck.Opts{N: workers}).Check(context.Background())
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		return errHung
	}
}

var errHung = fmt.Errorf("fsck did not end within a minute")

func leafHashes(bundle []byte) ([][]byte, error) {
	var parsed api.EntryBundle
	if err := parsed.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(parsed.Entries))
	for i, entry := range parsed.Entries {
		hashes[i] = rfc6962.DefaultHasher.HashLeaf(entry)
	}
	return hashes, nil
}
