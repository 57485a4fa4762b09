# Sourced by network: Fabric's commands.
fabric_version=2.5.0
fabric_commands=(peer orderer configtxgen configtxlator cryptogen osnadmin)

# Those on PATH if all are there and of a 2.5 version, otherwise built from Go modules, once: 1 min 45 s on two cores.
provide_binaries() {
  if binaries_fit; then return; fi
  local built=$cache/fabric-$fabric_version/bin
  PATH=$built:$PATH
  if binaries_fit; then return; fi
  PATH=$PATH:/usr/local/go/bin
  command -v go >/dev/null || fail "neither Fabric's commands (2.5) nor Go to build them from are on PATH"
  mkdir -p "$built"
  ( # Two networks that start together build once.
    flock 8
    if binaries_fit; then exit; fi
    echo "building Fabric $fabric_version into $built, once"
    CGO_ENABLED=1 go -C "$here" build -trimpath -o "$built.new/" \
      -ldflags "-s -w -X github.com/hyperledger/fabric/common/metadata.Version=v$fabric_version" tool
    mv "$built.new"/* "$built/" && rmdir "$built.new"
  ) 8>"$built.lock"
  hash -r
  binaries_fit || fail "Fabric's commands could not be built"
}

binaries_fit() {
  local name
  for name in "${fabric_commands[@]}"; do command -v "$name" >/dev/null || return 1; done
  [[ $(peer version 2>/dev/null) =~ Version:\ v?2\.5\. ]]
}
