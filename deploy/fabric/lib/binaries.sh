# Sourced by network: Fabric's commands.
fabric_version=2.5.0
fabric_build=$cache/fabric-$fabric_version-1
fabric_commands=(peer orderer configtxgen configtxlator cryptogen osnadmin)

# Those on PATH if all are there and of a 2.5 version, otherwise built from Go modules, once: 1 min 45 s on two cores.
provide_binaries() {
  if binaries_fit; then return; fi
  PATH=$fabric_build/bin:$PATH
  if binaries_fit; then return; fi
  PATH=$PATH:/usr/local/go/bin
  command -v go >/dev/null || fail "neither Fabric's commands (2.5) nor Go to build them from are on PATH"
  mkdir -p "$fabric_build"
  ( # Two networks that start together build once.
    flock 8
    binaries_fit || build_binaries
  ) 8>"$fabric_build/lock"
  hash -r
  binaries_fit || fail "Fabric's commands could not be built"
}

# An orderer of 2.5.0 can lock itself when it starts: one loop waits to hand over what is committed, the other waits to
# have the log synced (hyperledger/fabric issue 4199, mended in 2.5.1, which is no Go module). Here the second does not wait.
build_binaries() {
  local work=$fabric_build/work storage=orderer/consensus/etcdraft/storage.go
  echo "building Fabric $fabric_version into $fabric_build, once"
  rm -rf "$work" && mkdir "$work"
  go -C "$here" mod download github.com/hyperledger/fabric
  cp -R "$(go -C "$here" list -m -f '{{.Dir}}' github.com/hyperledger/fabric)" "$work/fabric"
  chmod -R u+w "$work/fabric"
  sed -i 's/\(WALSyncC: *\)make(chan struct{})/\1make(chan struct{}, 64)/' "$work/fabric/$storage"
  grep -q 'make(chan struct{}, 64)' "$work/fabric/$storage" || fail "$storage is not as expected"
  cp "$here/go.mod" "$here/go.sum" "$work/"
  go mod edit -replace "github.com/hyperledger/fabric=$work/fabric" "$work/go.mod"
  CGO_ENABLED=1 go -C "$here" build -modfile "$work/go.mod" -trimpath -o "$work/bin/" \
    -ldflags "-s -w -X github.com/hyperledger/fabric/common/metadata.Version=v$fabric_version" tool
  mv "$work/bin" "$fabric_build/bin"
  rm -rf "$work"
}

binaries_fit() {
  local name
  for name in "${fabric_commands[@]}"; do command -v "$name" >/dev/null || return 1; done
  [[ $(peer version 2>/dev/null) =~ Version:\ v?2\.5\. ]]
}
