# Sourced by network: the channel, and Fabric's command line as a member's.

# acting ORG USER COMMAND…: the command under the environment of `peer` as that user. USER is Admin, User1 or User2.
acting() {
  local org=$1 user=$2
  shift 2
  env FABRIC_CFG_PATH="$dir/config" FABRIC_LOGGING_SPEC=warn CORE_PEER_TLS_ENABLED=true \
    CORE_PEER_LOCALMSPID="$(member_msp "$org")" CORE_PEER_MSPCONFIGPATH="$(user_msp "$org" "$user")" \
    CORE_PEER_ADDRESS="$(node_address "peer-$org" api)" CORE_PEER_TLS_ROOTCERT_FILE="$(node_tls "peer-$org")/ca.crt" "$@"
}

network_env() {
  open_network
  need_member "$1"
  local user=${2:-Admin}
  [ -d "$(user_msp "$1" "$user")" ] || fail "$1 has no user $user: Admin, User1 (the client) or User2"
  acting "$1" "$user" env | grep -E '^(CORE_PEER|FABRIC_CFG_PATH)' | sed "s/'/'\\\\''/g; s/=/='/; s/\$/'/; s/^/export /"
  echo "export PATH='$(dirname "$(command -v peer)")':\$PATH"
  echo "export ORDERER='$(node_address "$(orderer)" api)' ORDERER_CA='$(node_tls orderer1)/ca.crt'"
}

# quietly NAME COMMAND…: its output goes to a log, the end of which is shown if it fails.
quietly() {
  local log=$dir/channel/$1.log
  shift
  "$@" >"$log" 2>&1 9>&- || { tail -n 5 "$log" >&2; fail "$1 ${2:-} failed: see $log"; }
}

# unless_done MESSAGE NAME COMMAND…: as `quietly`; a refusal with that message says that it was done before, by a
# command that was interrupted.
unless_done() {
  local message=$1 name=$2
  shift 2
  (quietly "$name" "$@") 2>"$dir/channel/$name.refusal" || grep -q "$message" "$dir/channel/$name.log" ||
    { cat "$dir/channel/$name.refusal" >&2; exit 1; }
}

# for_members FUNCTION: for all members at the same time.
for_members() {
  local org jobs=() job
  for org in $(members); do
    "$@" "$org" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || fail "$* failed"; done
}

# An orderer that runs.
orderer() {
  local node
  for node in $(nodes | grep '^orderer'); do
    if [ -n "$(node_pid "$node")" ]; then
      echo "$node"
      return
    fi
  done
  fail "no orderer runs"
}

orderer_flags() {
  printf '%s\n' --orderer "$(node_address "$(orderer)" api)" --tls --cafile "$(node_tls orderer1)/ca.crt"
}

orderers_join() {
  local node tls
  for node in $(nodes | grep '^orderer'); do
    tls=$(node_tls "$node")
    quietly "join-$node" osnadmin channel join --channelID $channel --config-block "$dir/channel/$channel.block" \
      --orderer-address "$(node_address "$node" admin)" --ca-file "$tls/ca.crt" --client-cert "$tls/server.crt" \
      --client-key "$tls/server.key"
    grep -q 'Status: 201' "$dir/channel/join-$node.log" || fail "$node did not join: see $dir/channel/join-$node.log"
  done
}

await_leader() {
  await orderer1 'the orderers have a leader' has_leader
}

has_leader() { [ -n "$(leader)" ]; }

leader() {
  local node
  for node in $(nodes | grep '^orderer'); do
    if metric_at_least "$node" "consensus_etcdraft_is_leader{channel=\"$channel\"}" 1; then
      echo "$node"
      return
    fi
  done
}

network_leader() {
  local found
  network_exists || fail "there is no network in $dir"
  read_settings
  found=$(leader)
  [ -n "$found" ] || fail 'no orderer leads'
  echo "$found"
}

peer_join() {
  unless_done 'already exists' "join-peer-$1" acting "$1" Admin peer channel join --blockpath "$dir/channel/$channel.block"
}

# A gateway finds endorsers among the peers that its own peer knows.
await_peers() {
  local org others
  others=$(($(members | wc -l) - 1))
  for org in $(members); do
    await "peer-$org" 'it knows the other peers' metric_at_least "peer-$org" \
      "gossip_membership_total_peers_known{channel=\"$channel\"}" $others
  done
}

# fetch_config NAME ORG|orderer FILE: the channel's configuration as that member's peer has it, or as the orderers do.
fetch_config() {
  local name=$1 org=$2 file=$3 from=()
  if [ "$org" = orderer ]; then
    org=$(members | head -n 1)
    mapfile -t from < <(orderer_flags)
  fi
  quietly "$name-fetch" acting "$org" Admin peer channel fetch config "$file.block" --channelID $channel "${from[@]}"
  configtxlator proto_decode --type common.Block --input "$file.block" | jq '.data.data[0].payload.data.config' >"$file"
}

config_sequence() {
  fetch_config sequence "$1" "$dir/channel/config-$1.json"
  jq -r .sequence "$dir/channel/config-$1.json"
}

config_has() {
  fetch_config members orderer "$dir/channel/config.json"
  jq -e --arg org "$1" '.channel_group.groups.Application.groups | has($org)' "$dir/channel/config.json" >/dev/null
}

# await_config ORG SEQUENCE: until that member's peer follows the configuration with that number.
await_config() { await "peer-$1" "it has configuration $2" follows_config "$1" "$2"; }

follows_config() { [ "$(config_sequence "$1" 2>/dev/null)" = "$2" ]; }

# update_channel NAME FILTER SIGNERS [jq arguments]: changes the channel's configuration. FILTER is a jq program over
# the configuration; each of the SIGNERS signs, the last of them sends it.
update_channel() {
  local name=$1 filter=$2 work=$dir/channel/$1 signer signers side ordering
  read -ra signers <<<"$3"
  shift 3
  mkdir -p "$work"
  fetch_config "$name" orderer "$work/before.json"
  jq "$@" "$filter" "$work/before.json" >"$work/after.json"
  for side in before after; do
    configtxlator proto_encode --type common.Config --input "$work/$side.json" --output "$work/$side.pb"
  done
  quietly "$name-difference" configtxlator compute_update --channel_id $channel --original "$work/before.pb" \
    --updated "$work/after.pb" --output "$work/update.pb"
  configtxlator proto_decode --type common.ConfigUpdate --input "$work/update.pb" |
    jq --arg channel $channel '{payload: {header: {channel_header: {channel_id: $channel, type: 2}},
      data: {config_update: .}}}' |
    configtxlator proto_encode --type common.Envelope --output "$work/envelope.pb"
  for signer in "${signers[@]:0:${#signers[@]}-1}"; do
    quietly "$name-sign" acting "$signer" Admin peer channel signconfigtx --file "$work/envelope.pb"
  done
  mapfile -t ordering < <(orderer_flags)
  quietly "$name-send" acting "${signers[-1]}" Admin peer channel update --channelID $channel --file "$work/envelope.pb" "${ordering[@]}"
}
