# Sourced by network: the chaincode's package, processes, definition and first transaction.

# The program that `--chaincode` names, or the one that cargo built, or the one on PATH.
find_chaincode() {
  local found=${asked[chaincode_binary]:-${setting[chaincode_binary]}} target
  for target in "${CARGO_TARGET_DIR:-}" "$here/../../target" "$cache/target"; do
    [ -z "$found" ] && [ -n "$target" ] && [ -x "$target/release/veridose-chaincode" ] && found=$target/release/veridose-chaincode
  done
  found=${found:-$(command -v veridose-chaincode || true)}
  [ -n "$found" ] || fail 'there is no veridose-chaincode: build it (cargo build --release --package veridose-chaincode), name one with --chaincode, or found the channel alone with --no-chaincode'
  [ "$found" = none ] || [ -x "$found" ] || fail "$found cannot be run"
  [ "$found" = none ] || found=$(realpath "$found")
  setting[chaincode_binary]=$found
}

# One package for all: it names the type and nothing of a member, so all members approve the same id.
make_package() {
  local work=$dir/channel/package
  mkdir -p "$work"
  echo '{"dial_timeout":"10s"}' >"$work/connection.json"
  echo "{\"type\":\"ccaas\",\"label\":\"$chaincode\"}" >"$work/metadata.json"
  plain_tar -C "$work" connection.json | gzip -n >"$work/code.tar.gz"
  plain_tar -C "$work" metadata.json code.tar.gz | gzip -n >"$work/$chaincode.tar.gz"
  setting[package]=$(FABRIC_CFG_PATH=$dir/config peer lifecycle chaincode calculatepackageid "$work/$chaincode.tar.gz")
}

# The same bytes from the same files.
plain_tar() { tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 -cf - "$@"; }

install_package() {
  unless_done 'already successfully installed' "install-$1" acting "$1" Admin peer lifecycle chaincode install \
    "$dir/channel/package/$chaincode.tar.gz"
}

# policy_expression POLICY: a number N stands for any N of the members' peers.
policy_expression() {
  local org list=()
  case $1 in
    *[!0-9]*) echo "$1" ;;
    *)
      [ "$1" -ge 1 ] && [ "$1" -le "$(members | wc -l)" ] || fail "there are $(members | wc -l) organisations: $1 of them cannot endorse"
      for org in $(members); do list+=("'$(member_msp "$org").peer'"); done
      echo "OutOf($1, $(IFS=,; echo "${list[*]}"))"
      ;;
  esac
}

# The flags that every member's approval and the commit must agree on.
definition_flags() {
  printf '%s\n' --channelID $channel --name $chaincode --version "$1" --sequence "$1" --signature-policy "${setting[policy]}"
}

approve() {
  local ordering definition
  mapfile -t ordering < <(orderer_flags)
  mapfile -t definition < <(definition_flags "${setting[sequence]}")
  unless_done 'with unchanged content' "approve-$1" acting "$1" Admin peer lifecycle chaincode approveformyorg --package-id "${setting[package]}" \
    "${definition[@]}" "${ordering[@]}"
}

# approved ORG: whether it has approved the definition that is committed.
approved() {
  acting "$1" Admin peer lifecycle chaincode queryapproved --channelID $channel --name $chaincode \
    --sequence "${setting[sequence]}" >"$dir/channel/approved-$1.log" 2>&1
}

commit_definition() {
  local ordering definition peers org
  org=$(members | head -n 1)
  mapfile -t ordering < <(orderer_flags)
  mapfile -t definition < <(definition_flags "${setting[sequence]}")
  mapfile -t peers < <(peer_flags peer)
  quietly commit acting "$org" Admin peer lifecycle chaincode commit "${definition[@]}" "${ordering[@]}" "${peers[@]}"
}

# peer_flags KIND: the peers that are asked to endorse: those that run and, where KIND is chaincode, have theirs running.
peer_flags() {
  local org
  for org in $(members); do
    [ -z "$(node_pid "peer-$org")" ] || [ -z "$(node_pid "$1-$org")" ] ||
      printf '%s\n' --peerAddresses "$(node_address "peer-$org" api)" --tlsRootCertFiles "$(node_tls "peer-$org")/ca.crt"
  done
}

# define POLICY: the next definition of the chaincode, approved by every member.
define() {
  setting[policy]=$(policy_expression "$1")
  setting[sequence]=$((setting[sequence] + 1))
  for_members approve
  commit_definition
}

# network_policy POLICY: versions and sequence count together; the program itself is exchanged without a definition.
network_policy() {
  open_network
  [ "${setting[sequence]}" -gt 0 ] || fail 'the channel has no chaincode yet: `up --chaincode PATH`'
  define "$1"
  write_settings
  write_network_json
  echo "definition ${setting[sequence]} is committed: ${setting[policy]}"
}

# network_define NAME: another definition of the package that the channel has. It is for trials: the network remembers and changes
# the first one alone.
network_define() {
  open_network
  [ "${setting[sequence]}" -gt 0 ] || fail 'the channel has no chaincode yet: `up --chaincode PATH`'
  chaincode=$1 setting[sequence]=1
  for_members approve
  commit_definition
  echo "$1 is defined: ${setting[policy]}"
}

# arguments ARG…: as `peer chaincode` wants them. `@FILE` is the content of a file.
arguments() {
  local argument
  for argument in "$@"; do
    case $argument in @*) jq -Rs . "${argument#@}" ;; *) jq -n --arg argument "$argument" '$argument' ;; esac
  done | jq -cs '{Args: .}'
}

# invoke ORG ARG…: endorsed by all peers that run, and committed when this returns.
invoke() {
  local org=$1 ordering peers
  shift
  mapfile -t ordering < <(orderer_flags)
  mapfile -t peers < <(peer_flags chaincode)
  acting "$org" User1 peer chaincode invoke --channelID $channel --name $chaincode --ctor "$(arguments "$@")" \
    --waitForEvent "${ordering[@]}" "${peers[@]}"
}

network_invoke() {
  open_network
  need_member "$1"
  flock -u 9
  invoke "$@"
}

network_query() {
  open_network
  need_member "$1"
  flock -u 9
  local org=$1
  shift
  acting "$org" User1 peer chaincode query --channelID $channel --name $chaincode --ctor "$(arguments "$@")"
}
