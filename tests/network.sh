#!/usr/bin/env bash
# Tests deploy/fabric/network itself: tests/network.sh DIR [CHAINCODE]. DIR is made, and gone afterwards. Without a
# chaincode the channel alone is tried. Ends with a `test result:` line.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1 chaincode=${2:-}
passed=0 failed=0
exec 3>&1
log=$(mktemp)
trap 'network down --purge >/dev/null 2>&1 || true; rm -f "$log"' EXIT

network() { deploy/fabric/network "$@" --dir "$dir"; }

# check NAME COMMAND…: one test.
check() {
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $name"
    cat "$log"
  fi
}

refused() { ! "$@"; }
says() { local what=$1; shift; "$@" 2>&1 | tee -a "$log" | grep -e "$what" >/dev/null; }
processes() { jq -r '.nodes[].pid' "$dir/network.json" | sort; }
same() { [ "$1" = "$2" ] || { echo "$1 is not $2"; return 1; }; }
height() { getinfo_as "${1:-alpine-pharma}" Admin 2>/dev/null | sed 's/^Blockchain info: //' | jq .height; }
as() { local org=$1 user=$2; shift 2; (eval "$(network env "$org" "$user")" && "$@"); }
getinfo_as() { as "$1" "$2" peer channel getinfo -c veridose; }
another_leads() {
  local deadline=$((SECONDS + 30))
  until network leader 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || { tail -n 20 "$dir"/nodes/orderer*/log; return 1; }
    sleep 0.2
  done
}
# The organisations' Fabric authorities serve as those of the trade here.
network_file() {
  local org role sites=(9506000100012 9506000200019 9506000300016 9506000400013)
  printf 'name = "Trial"\norigin = "veridose.example/trial"\nadmit_threshold = 2\n'
  jq -r '.organizations[] | "\(.name) \(.role)"' "$dir/network.json" | while read -r org role; do
    printf '\n[[member]]\nid = "%s"\nname = "%s"\nrole = "%s"\nsites = [%s]\nauthority = """\n%s\n"""\n' \
      "$org" "$org" "$role" "${sites[0]}" "$(cat "$dir/organizations/$org/msp/cacerts/"*.pem)"
    sites=("${sites[@]:1}")
  done
}
committed() { as alpine-pharma Admin peer lifecycle chaincode querycommitted -C veridose -n veridose; }
working_in() { for link in /proc/[0-9]*/cwd; do readlink "$link" 2>/dev/null || true; done | grep "^$1/"; }

start() {
  local took
  # What is measured is told, not judged: it depends on what else the machine does.
  if [ -n "$chaincode" ]; then
    network up --orderers 3 --chaincode "$chaincode" | tee "$log.up"
  else
    network up --orderers 3 --no-chaincode | tee "$log.up"
  fi
  took=$(awk '/ committed: / { print $3 }' "$log.up")
  rm -f "$log.up"
  [ -z "$took" ] || echo "measured: a Fabric network of three orderers has committed its chaincode after $took s" >&3
}

check 'a network starts' start
check 'its status is told' network status
before=$(processes)
check 'a second start finds it running' says 'nodes of .* run$' network up
check 'and leaves it' same "$(processes)" "$before"
check 'a regulator has the channel' test "$(height medicines-agency)" -ge 1
check 'an unknown node is refused' says 'there is no node peer-nobody' refused network kill peer-nobody
check 'a name of no organisation is refused' says 'an organisation.s name' refused network add-org ../x
check 'a peer is killed' network kill peer-north-wholesale
check 'which its status says' refused network status
led=$(network leader)
check 'the leading orderer is killed' network kill "$led"
check 'and another leads' another_leads
check 'a start brings both back' says "started again: $led peer-north-wholesale" network up
if [ -n "$chaincode" ]; then
  network_file >"$log.toml"
  check 'the contract answers' says '"network":null' network query harbour-pharmacy version
  check 'a file that is none begins nothing' says 'cannot be read' refused network up --genesis "$log.none"
  check 'the ledger begins' says 'the first transaction is committed' network up --genesis "$log.toml"
  check 'once' says 'the ledger was started with' network up --genesis "$log.toml"
  check 'for every organisation' says '"network":"' network query medicines-agency version
  rm "$log.toml"
  check 'another policy is committed' says "definition 2 is committed: OutOf(3" network policy 3
  check 'which a peer confirms' says 'Sequence: 2' committed
fi
check 'a member is taken in' network add-org island-hospital
if [ -n "$chaincode" ]; then
  check 'and endorses changes of members' says '"endorsers":.*"IslandHospitalMSP"' network query medicines-agency version
fi
check 'and has the channel' same "$(height island-hospital)" "$(height)"
check 'once' says 'is a member' network add-org island-hospital
check 'a certificate is revoked' network revoke island-hospital User2
check 'and its holder refused' refused getinfo_as island-hospital User2
check 'others are not' getinfo_as island-hospital User1
last=$(height)
check 'it stops' network down
check 'and no process is left' refused working_in "$dir"
check 'it starts with what it had' network up
check 'at the same block' same "$(height)" "$last"
check 'it is removed' network down --purge
check 'with its data' refused test -e "$dir"
check 'and no process is left' refused working_in "$dir"
echo "test result: $passed passed; $failed failed"
[ $failed -eq 0 ]
