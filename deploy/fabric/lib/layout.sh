# Sourced by network: what lies where in a network's directory, its names and its ports.
#
#   settings                 name=value, a line each
#   members                  a line `organisation MSP role` each
#   organizations/ORG/       certificates and keys, users/client/{cert,key}.pem, the connection profile
#   nodes/NODE/              environment, command, log, pid, data
#   channel/                 the channel's first block, its configuration, the chaincode's package
#   network.json             all of it for programs, as it is now
declare -A asked=() setting=()
channel=veridose
chaincode=veridose
orderer_org=orderers
orderer_msp=OrdererMSP
# The members of a new network: organisation, MSP, role.
founders='alpine-pharma AlpinePharmaMSP manufacturer
north-wholesale NorthWholesaleMSP distributor
harbour-pharmacy HarbourPharmacyMSP pharmacy
medicines-agency MedicinesAgencyMSP regulator'
members_max=8

# One command at a time changes a network. Its nodes must not inherit the lock: see node_launch.
lock_network() {
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  exec 9>"$dir/lock"
  flock -w 120 9 || fail "another command has been at work on $dir for two minutes"
}

network_exists() { [ -e "$dir/settings" ]; }

# open_network: for the commands that need one.
open_network() {
  network_exists || fail "there is no network in $dir: start one with \`up\`"
  lock_network
  read_settings
  provide_binaries
}

read_settings() {
  local name value
  while IFS='=' read -r name value; do setting[$name]=$value; done <"$dir/settings"
}

write_settings() {
  local name
  for name in "${!setting[@]}"; do printf '%s=%s\n' "$name" "${setting[$name]}"; done | sort >"$dir/settings.new"
  mv "$dir/settings.new" "$dir/settings"
}

members() { cut -d' ' -f1 "$dir/members"; }
member_msp() { awk -v org="$1" '$1 == org { print $2 }' "$dir/members"; }
member_role() { awk -v org="$1" '$1 == org { print $3 }' "$dir/members"; }
need_member() { [ -n "$(member_msp "$1")" ] || fail "$1 is not a member: $(members | paste -sd' ')"; }
org_dir() { echo "$dir/organizations/$1"; }
user_msp() { echo "$dir/organizations/$1/users/$2@$1/msp"; }
node_tls() { echo "$dir/nodes/$1/tls"; }

nodes() {
  local index org
  for index in $(seq "${setting[orderers]}"); do echo "orderer$index"; done
  for org in $(members); do echo "peer-$org"; done
  [ "${setting[sequence]}" = 0 ] || for org in $(members); do echo "chaincode-$org"; done
}

node_kind() { case $1 in orderer*) echo orderer ;; *) echo "${1%%-*}" ;; esac; }
node_org() { case $1 in orderer*) echo $orderer_org ;; *) echo "${1#*-}" ;; esac; }

# A network has 64 ports in a row; what each is for follows from its place. node_port NODE api|admin|inner|operations
node_port() {
  local node=$1 use=$2 first place
  case $(node_kind "$node") in
    orderer) first=$((setting[port] + 4 * (${node#orderer} - 1))) ;;
    peer) first=$((setting[port] + 12 + 6 * $(member_place "$node"))) ;;
    chaincode) first=$((setting[port] + 15 + 6 * $(member_place "$node"))) ;;
  esac
  case $use in api) place=0 ;; admin | inner) place=1 ;; operations) place=2 ;; esac
  echo $((first + place))
}

member_place() { awk -v org="$(node_org "$1")" '$1 == org { print NR - 1 }' "$dir/members"; }
node_address() { echo "127.0.0.1:$(node_port "$1" "$2")"; }

# choose_ports: 64 free ones below those that the kernel hands out by itself.
choose_ports() {
  local attempt first
  for attempt in $(seq 100); do
    first=$((20032 + 64 * (RANDOM % 190)))
    if ports_free $first; then
      setting[port]=$first
      return
    fi
  done
  fail "no 64 free ports in a row after $attempt attempts"
}

# ports_free FIRST: nobody listens (state 0A) on any of its 64.
ports_free() {
  local address state port
  while read -r _ address _ state _; do
    port=$((16#${address##*:}))
    if [ "$state" = 0A ] && [ $port -ge "$1" ] && [ $port -lt $(($1 + 64)) ]; then return 1; fi
  done < <(tail -qn +2 /proc/net/tcp /proc/net/tcp6 2>/dev/null)
}

write_network_json() {
  local node
  for node in $(nodes); do
    jq -n --arg name "$node" --arg kind "$(node_kind "$node")" --arg organization "$(node_org "$node")" \
      --arg address "$(node_address "$node" api)" --arg operations "$(node_address "$node" operations)" \
      --arg pid "$(node_pid "$node")" --arg log "$dir/nodes/$node/log" \
      '{name: $name, kind: $kind, organization: $organization, address: $address, operations: $operations,
        pid: (if $pid == "" then null else $pid | tonumber end), log: $log}'
  done | jq -s --arg channel $channel --arg chaincode $chaincode --arg policy "${setting[policy]}" \
    --arg package "${setting[package]}" --argjson sequence "${setting[sequence]}" --rawfile members "$dir/members" \
    '{channel: $channel, chaincode: $chaincode, policy: $policy, sequence: $sequence, package: $package,
      organizations: [$members | split("\n")[] | select(. != "") | split(" ") | {name: .[0], msp: .[1], role: .[2]}],
      nodes: .}' >"$dir/network.json.new"
  mv "$dir/network.json.new" "$dir/network.json"
}

# The common connection profile of every member: its own peer first, then the others'.
write_profiles() {
  local org peers orderers
  peers=$(for org in $(members); do profile_node "peer-$org"; done | jq -s add)
  orderers=$(nodes | grep '^orderer' | while read -r org; do profile_node "$org"; done | jq -s add)
  for org in $(members); do
    jq -n --arg org "$org" --arg channel $channel --argjson peers "$peers" --argjson orderers "$orderers" \
      --arg ca "$(org_dir "$org")/msp/cacerts/ca.$org-cert.pem" --rawfile members "$dir/members" '
      ("peer-" + $org) as $own
      | ([$own] + ($peers | keys_unsorted - [$own])) as $order
      | {name: $channel, version: "1.0.0", client: {organization: $org},
         organizations: ([$members | split("\n")[] | select(. != "") | split(" ")
           | {key: .[0], value: {mspid: .[1], peers: ["peer-" + .[0]]}}] | from_entries),
         peers: ([$order[] | {key: ., value: $peers[.]}] | from_entries),
         orderers: $orderers,
         channels: {($channel): {orderers: ($orderers | keys), peers: ([$order[] | {key: ., value: {}}] | from_entries)}}}' \
      >"$(org_dir "$org")/connection.json"
  done
}

profile_node() {
  jq -n --arg name "$1" --arg url "grpcs://$(node_address "$1" api)" --arg ca "$(node_tls "$1")/ca.crt" \
    '{($name): {url: $url, tlsCACerts: {path: $ca}}}'
}
