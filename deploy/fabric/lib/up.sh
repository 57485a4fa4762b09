# Sourced by network: from nothing, or from what is there, to a network that runs.

network_up() {
  [ -z "${asked[genesis]:-}" ] || [ -r "${asked[genesis]}" ] || fail "${asked[genesis]} cannot be read"
  lock_network
  provide_binaries
  stage_begin=${EPOCHREALTIME/./}
  stage_last=$stage_begin
  if network_exists; then resume; else begin; fi
  if [ "${setting[sequence]}" = 0 ] && [ "${setting[chaincode_binary]}" != none ]; then deploy; fi
  if [ -n "${asked[genesis]:-}" ]; then start_ledger; fi
  await_peers
  stage 'the peers know each other'
  record
}

# What is done is remembered at once: a start that fails half-way is taken up there by the next one.
record() {
  write_settings
  write_network_json
}

# stage NAME: how long it took since the stage before, and since the beginning.
stage() {
  local now=${EPOCHREALTIME/./}
  awk -v name="$1" -v last=$((now - stage_last)) -v all=$((now - stage_begin)) \
    'BEGIN { printf "%6.2f s %7.2f s  %s\n", last / 1e6, all / 1e6, name }'
  stage_last=$now
}

begin() {
  local node org running
  found_network
  find_chaincode
  make_certificates
  stage certificates
  make_first_block
  stage "the channel's first block"
  for node in $(nodes | grep '^orderer'); do write_orderer "$node"; done
  for org in $(members); do write_peer "$org"; done
  for node in $(nodes); do node_launch "$node"; done
  mapfile -t running < <(nodes)
  node_await "${running[@]}"
  stage "${#running[@]} nodes run"
  orderers_join
  for_members peer_join
  stage 'all have joined the channel'
  await_leader
  stage 'the orderers have a leader'
  write_profiles
  record
}

# A network that was stopped, or some of whose nodes were.
resume() {
  local node launched=() name
  read_settings
  for name in orderers batch_timeout batch_count policy; do
    [ -z "${asked[$name]:-}" ] || [ "${asked[$name]}" = "${setting[$name]}" ] || echo "--${name/_/-} is for a new network: it stays ${setting[$name]}"
  done
  for node in $(nodes); do
    [ -n "$(node_pid "$node")" ] || launched+=("$node")
  done
  if [ "${setting[sequence]}" = 0 ] && [ -n "${asked[chaincode_binary]:-}" ]; then find_chaincode; fi
  if [ ${#launched[@]} -eq 0 ]; then
    echo "all $(nodes | wc -l) nodes of $dir run"
    return
  fi
  for node in "${launched[@]}"; do node_launch "$node"; done
  node_await "${launched[@]}"
  await_leader
  stage "started again: ${launched[*]}"
}

deploy() {
  local org
  make_package
  for org in $(members); do write_chaincode "$org"; done
  for_members install_package
  stage 'the chaincode is installed'
  for org in $(members); do node_launch "chaincode-$org"; done
  define "${setting[policy]}"
  for org in $(members); do node_await "chaincode-$org"; done
  record
  stage "approved and committed: ${setting[policy]}"
}

# The first transaction: the network file that all nodes of this network share, and the organisations of which a majority
# must endorse changes to the membership.
start_ledger() {
  local msps
  if [ -n "${setting[genesis]}" ]; then
    echo "the ledger was started with ${setting[genesis]}"
    return
  fi
  [ "${setting[sequence]}" != 0 ] || fail '--genesis wants a chaincode'
  mapfile -t msps < <(cut -d' ' -f2 "$dir/members")
  quietly init invoke "$(members | head -n 1)" init "@${asked[genesis]}" "${msps[@]}"
  setting[genesis]=$(sha256sum <"${asked[genesis]}" | cut -c1-64)
  stage 'the first transaction is committed'
}
