package deploy

import (
	"context"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	chart   = "../../deploy/helm/veridose-fabric"
	compose = "../../deploy/compose/fabric.yaml"
)

// Helm's loader logs each symbolic link that it follows.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

func TestChart(t *testing.T) {
	if err := checkChart(chart); err != nil {
		t.Fatal(err)
	}
}

func TestCompose(t *testing.T) {
	if err := checkCompose(context.Background(), compose); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsOfChartsAreFound(t *testing.T) {
	for _, fault := range []struct{ file, old, new, says string }{
		{"templates/peer.yaml", "terminationGracePeriodSeconds", "terminationGraceSeconds", "unknown field"},
		{"templates/peer.yaml", "{ name: scratch, mountPath", "{ name: scrap, mountPath", "no volume"},
		{"templates/peer.yaml", "kind: Service\n", "kind: Servant\n", "no kind"},
		{"values.yaml", "fabric-peer:2.5.16", "fabric-peer:latest", "no version"},
		{"values.yaml", "port: 7051", "port: 70510", "port"},
		{"ci/whole.yaml", "size: 20Gi", "size: large", "size"},
	} {
		t.Run(fault.new, func(t *testing.T) {
			copied := copyWith(t, chart, fault.file, fault.old, fault.new)
			expect(t, checkChart(copied), fault.says)
		})
	}
}

func TestFaultsOfComposeFilesAreFound(t *testing.T) {
	for _, fault := range []struct{ file, old, new, says string }{
		{"fabric.yaml", "restart: unless-stopped", "restarts: unless-stopped", "restarts"},
		{"fabric.yaml", "peer-data:/var", "pear-data:/var", "undefined volume"},
		{"fabric.yaml", "fabric-peer:${FABRIC_VERSION:?}", "fabric-peer", "no version"},
		{"fabric.yaml", "builders/ccaas", "builders/none", "builders/none"},
		{"fabric.env", "PEER_HOST=", "PEER_NAME=", "PEER_HOST"},
	} {
		t.Run(fault.new, func(t *testing.T) {
			copied := copyWith(t, filepath.Dir(compose), fault.file, fault.old, fault.new)
			expect(t, checkCompose(context.Background(), filepath.Join(copied, "fabric.yaml")), fault.says)
		})
	}
}

func expect(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil {
		t.Fatal("the fault was not found")
	}
	if !strings.Contains(err.Error(), says) {
		t.Fatalf("%q says nothing of %q", err, says)
	}
}

// copyWith copies a folder under a folder `deploy`, with one text exchanged in one of its files. A link becomes what it
// leads to.
func copyWith(t *testing.T, dir, file, old, new string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "deploy", filepath.Base(dir))
	found := false
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if name == file {
			found = strings.Contains(string(text), old)
			text = []byte(strings.ReplaceAll(string(text), old, new))
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(copied, name)), 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(copied, name), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Fatalf("%s has no %q", file, old)
	}
	return copied
}
