# Sourced by network: what is made before the first node starts: certificates, the channel's first block, and each
# node's environment.

found_network() {
  if [ -n "$(ls -A "$dir" | grep -vx lock)" ] && [ ! -e "$dir/nodes" ]; then
    fail "$dir is not empty and is no network"
  fi
  discard_unfinished
  setting=([orderers]=1 [policy]=2 [batch_timeout]=100ms [batch_count]=500 [chaincode_binary]='' [sequence]=0 [package]='' [genesis]='')
  local name
  for name in "${!asked[@]}"; do [ "$name" = genesis ] || setting[$name]=${asked[$name]}; done
  case ${setting[orderers]} in 1 | 3) ;; *) fail "--orderers is 1 or 3, not ${setting[orderers]}" ;; esac
  choose_ports
  mkdir -p "$dir/nodes" "$dir/channel" "$dir/config"
  echo "$founders" >"$dir/members"
  sed "s#/opt/veridose/ccaas#$here/builders/ccaas#" "$here/config/core.yaml" >"$dir/config/core.yaml"
  cp "$here/config/orderer.yaml" "$dir/config/"
}

# A network whose founding was interrupted has no settings, and nothing that anyone relies on.
discard_unfinished() {
  [ -d "$dir/nodes" ] || return 0
  local node all=()
  for node in "$dir"/nodes/*; do [ ! -d "$node" ] || all+=("$(basename "$node")"); done
  nodes_stop KILL "${all[@]}"
  rm -rf "$dir/nodes" "$dir/organizations" "$dir/channel" "$dir/config" "$dir/members"
}

# make_certificates [ORG]: keys and certificates of one member, or of the orderers and of all members.
make_certificates() {
  local out=$dir/channel/crypto org node orgs=("$@")
  [ $# -gt 0 ] || mapfile -t orgs < <(members)
  { [ $# -gt 0 ] || orderer_certificates
    echo 'PeerOrgs:'
    for org in "${orgs[@]}"; do member_certificates "$org"; done
  } >"$dir/channel/crypto.yaml"
  quietly cryptogen cryptogen generate --config "$dir/channel/crypto.yaml" --output "$out"
  mkdir -p "$dir/organizations"
  mv "$out"/*Organizations/* "$dir/organizations/"
  rm -rf "$out"
  [ $# -gt 0 ] || for node in $(nodes | grep '^orderer'); do take_node "$orderer_org/orderers/$node.$orderer_org" "$node"; done
  for org in "${orgs[@]}"; do
    take_node "$org/peers/peer.$org" "peer-$org"
    take_node "$org/peers/chaincode.$org" "chaincode-$org"
    # The chaincode speaks TLS and signs nothing: it gets no identity of the organisation.
    rm -rf "$dir/nodes/chaincode-$org/msp" "$(org_dir "$org")/peers"
    client_identity "$org"
  done
}

take_node() {
  mkdir -p "$dir/nodes/$2"
  mv "$dir/organizations/$1/msp" "$dir/organizations/$1/tls" "$dir/nodes/$2/"
}

# The client's certificate and key under plain names, beside those of cryptogen's folders.
client_identity() {
  local org=$1 msp
  msp=$(user_msp "$org" User1)
  mkdir -p "$(org_dir "$org")/users/client"
  cp "$msp/signcerts/User1@$org-cert.pem" "$(org_dir "$org")/users/client/cert.pem"
  install -m 600 "$msp/keystore/priv_sk" "$(org_dir "$org")/users/client/key.pem"
}

orderer_certificates() {
  local index
  echo "OrdererOrgs:
  - { Name: Orderers, Domain: $orderer_org, EnableNodeOUs: true, Specs: ["
  for index in $(seq "${setting[orderers]}"); do echo "      { Hostname: orderer$index, SANS: [localhost, 127.0.0.1] },"; done
  echo '    ] }'
}

member_certificates() {
  echo "  - Name: $1
    Domain: $1
    EnableNodeOUs: true
    Specs:
      - { Hostname: peer, SANS: [localhost, 127.0.0.1] }
      - { Hostname: chaincode, SANS: [localhost, 127.0.0.1] }
    Users: { Count: 2 }"
}

make_first_block() {
  local org
  { echo 'Profiles:
  Channel:
    Policies: &policies
      Readers: { Type: ImplicitMeta, Rule: "ANY Readers" }
      Writers: { Type: ImplicitMeta, Rule: "ANY Writers" }
      Admins: { Type: ImplicitMeta, Rule: "MAJORITY Admins" }
    Capabilities: { V2_0: true }'
    orderer_section
    echo '    Application:
      Capabilities: { V2_5: true }
      Policies:
        <<: *policies
        LifecycleEndorsement: { Type: ImplicitMeta, Rule: "MAJORITY Endorsement" }
        Endorsement: { Type: ImplicitMeta, Rule: "MAJORITY Endorsement" }
      Organizations:'
    for org in $(members); do member_section "$org" | sed 's/^/        /'; done
  } >"$dir/channel/configtx.yaml"
  FABRIC_CFG_PATH=$dir/channel quietly configtxgen configtxgen -profile Channel -channelID $channel \
    -outputBlock "$dir/channel/$channel.block"
}

# Ticks of 100 ms instead of Fabric's 500. An orderer alone leads a second after its start. Among three another one leads two to
# four seconds after the leader's end; sooner, and a busy disk would be taken for an end.
orderer_section() {
  local index endpoints=() tls ticks=20
  [ "${setting[orderers]}" != 1 ] || ticks=10
  for index in $(seq "${setting[orderers]}"); do endpoints+=("$(node_address "orderer$index" api)"); done
  echo "    Orderer:
      OrdererType: etcdraft
      Capabilities: { V2_0: true }
      BatchTimeout: ${setting[batch_timeout]}
      BatchSize: { MaxMessageCount: ${setting[batch_count]}, AbsoluteMaxBytes: 32 MB, PreferredMaxBytes: 4 MB }
      Policies: { <<: *policies, BlockValidation: { Type: ImplicitMeta, Rule: ANY Writers } }
      Organizations:
        - Name: $orderer_org
          ID: $orderer_msp
          MSPDir: $(org_dir $orderer_org)/msp
          OrdererEndpoints: [$(IFS=,; echo "${endpoints[*]}")]
          Policies:
            Readers: { Type: Signature, Rule: \"OR('$orderer_msp.member')\" }
            Writers: { Type: Signature, Rule: \"OR('$orderer_msp.member')\" }
            Admins: { Type: Signature, Rule: \"OR('$orderer_msp.admin')\" }
      EtcdRaft:
        Options: { TickInterval: 100ms, ElectionTick: $ticks, HeartbeatTick: 1, MaxInflightBlocks: 5, SnapshotIntervalSize: 16 MB }
        Consenters:"
  for index in $(seq "${setting[orderers]}"); do
    tls=$(node_tls "orderer$index")/server.crt
    echo "          - { Host: 127.0.0.1, Port: $(node_port "orderer$index" api), ClientTLSCert: $tls, ServerTLSCert: $tls }"
  done
}

member_section() {
  local msp
  msp=$(member_msp "$1")
  echo "- Name: $1
  ID: $msp
  MSPDir: $(org_dir "$1")/msp
  AnchorPeers: [{ Host: 127.0.0.1, Port: $(node_port "peer-$1" api) }]
  Policies:
    Readers: { Type: Signature, Rule: \"OR('$msp.admin', '$msp.peer', '$msp.client')\" }
    Writers: { Type: Signature, Rule: \"OR('$msp.admin', '$msp.client')\" }
    Admins: { Type: Signature, Rule: \"OR('$msp.admin')\" }
    Endorsement: { Type: Signature, Rule: \"OR('$msp.peer')\" }"
}

# write_node NODE COMMAND…: its command, and its environment from standard input.
write_node() {
  local home=$dir/nodes/$1
  shift
  mkdir -p "$home/data"
  printf '%s\n' "$@" >"$home/command"
  cat >"$home/environment"
}

write_orderer() {
  local home=$dir/nodes/$1
  write_node "$1" "$(command -v orderer)" <<VARIABLES
FABRIC_CFG_PATH='$dir/config'
FABRIC_LOGGING_SPEC=\${FABRIC_LOGGING_SPEC:-warn}
ORDERER_GENERAL_LISTENPORT=$(node_port "$1" api)
ORDERER_GENERAL_LOCALMSPID=$orderer_msp
ORDERER_GENERAL_LOCALMSPDIR='$home/msp'
ORDERER_GENERAL_TLS_PRIVATEKEY='$home/tls/server.key'
ORDERER_GENERAL_TLS_CERTIFICATE='$home/tls/server.crt'
ORDERER_GENERAL_TLS_ROOTCAS='[$home/tls/ca.crt]'
ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE='$home/tls/server.crt'
ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY='$home/tls/server.key'
ORDERER_GENERAL_CLUSTER_ROOTCAS='[$home/tls/ca.crt]'
ORDERER_ADMIN_LISTENADDRESS=$(node_address "$1" admin)
ORDERER_ADMIN_TLS_PRIVATEKEY='$home/tls/server.key'
ORDERER_ADMIN_TLS_CERTIFICATE='$home/tls/server.crt'
ORDERER_ADMIN_TLS_ROOTCAS='[$home/tls/ca.crt]'
ORDERER_ADMIN_TLS_CLIENTROOTCAS='[$home/tls/ca.crt]'
ORDERER_FILELEDGER_LOCATION='$home/data/ledger'
ORDERER_CONSENSUS_WALDIR='$home/data/wal'
ORDERER_CONSENSUS_SNAPDIR='$home/data/snapshots'
ORDERER_OPERATIONS_LISTENADDRESS=$(node_address "$1" operations)
VARIABLES
}

# write_peer ORG. Its gossip begins with itself: it learns of the others from the channel's anchor peers.
write_peer() {
  local node=peer-$1 home=$dir/nodes/peer-$1
  write_node "$node" "$(command -v peer)" node start <<VARIABLES
FABRIC_CFG_PATH='$dir/config'
FABRIC_LOGGING_SPEC=\${FABRIC_LOGGING_SPEC:-warn}
CORE_PEER_ID=$node
CORE_PEER_LOCALMSPID=$(member_msp "$1")
CORE_PEER_MSPCONFIGPATH='$home/msp'
CORE_PEER_LISTENADDRESS=$(node_address "$node" api)
CORE_PEER_ADDRESS=$(node_address "$node" api)
CORE_PEER_GOSSIP_BOOTSTRAP=$(node_address "$node" api)
CORE_PEER_GOSSIP_EXTERNALENDPOINT=$(node_address "$node" api)
CORE_PEER_CHAINCODELISTENADDRESS=$(node_address "$node" inner)
CORE_PEER_CHAINCODEADDRESS=$(node_address "$node" inner)
CORE_PEER_TLS_CERT_FILE='$home/tls/server.crt'
CORE_PEER_TLS_KEY_FILE='$home/tls/server.key'
CORE_PEER_TLS_ROOTCERT_FILE='$home/tls/ca.crt'
CORE_PEER_FILESYSTEMPATH='$home/data'
CORE_LEDGER_SNAPSHOTS_ROOTDIR='$home/data/snapshots'
CORE_OPERATIONS_LISTENADDRESS=$(node_address "$node" operations)
CHAINCODE_ADDRESS=$(node_address "chaincode-$1" api)
CHAINCODE_TLS_DIR='$dir/nodes/chaincode-$1/tls'
CHAINCODE_CLIENT_TLS_DIR='$home/tls'
VARIABLES
}

# write_chaincode ORG: its own certificate, and its organisation's authority for the one client that it has, the peer.
write_chaincode() {
  local node=chaincode-$1 home=$dir/nodes/chaincode-$1
  write_node "$node" "${setting[chaincode_binary]}" <<VARIABLES
CHAINCODE_ID='${setting[package]}'
CHAINCODE_SERVER_ADDRESS=$(node_address "$node" api)
CHAINCODE_METRICS_ADDRESS=$(node_address "$node" operations)
CHAINCODE_TLS_CERT='$home/tls/server.crt'
CHAINCODE_TLS_KEY='$home/tls/server.key'
CHAINCODE_CLIENT_CA_CERT='$home/tls/ca.crt'
VARIABLES
}
