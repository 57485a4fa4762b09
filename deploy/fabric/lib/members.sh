# Sourced by network: changes to who is a member and whose certificates count. All are updates of the channel's
# configuration, signed by those whose matter they are. Each can be repeated: what was done before is left.

# network_add_org ORG: a majority of the members signs, then its peer joins and approves the chaincode.
network_add_org() {
  local org=$1
  open_network
  [[ $org =~ ^[a-z][a-z0-9]*(-[a-z0-9]+)*$ ]] || fail "an organisation's name is of small letters, digits and single hyphens: $org"
  if [ -z "$(member_msp "$org")" ]; then
    [ "$(members | wc -l)" -lt $members_max ] || fail "a network of this kind has at most $members_max organisations"
    rm -rf "$dir/organizations/$org" "$dir/nodes/peer-$org" "$dir/nodes/chaincode-$org"
    make_certificates "$org"
    echo "$org $(msp_name "$org") member" >>"$dir/members"
  fi
  config_has "$org" || admit "$org"
  [ -e "$dir/nodes/peer-$org/command" ] || write_peer "$org"
  node_launch "peer-$org"
  node_await "peer-$org"
  peer_join "$org"
  await_config "$org" "$(config_sequence orderer)"
  [ "${setting[sequence]}" = 0 ] || give_chaincode "$org"
  await_peers
  write_profiles
  write_network_json
  widen
  echo "$org is a member; its endorsement counts once a definition names it: network policy 2"
}

# alpine-pharma is AlpinePharmaMSP.
msp_name() {
  local part name=
  for part in ${1//-/ }; do name+=${part^}; done
  echo "${name}MSP"
}

# admit ORG: its section enters the configuration.
admit() {
  local org=$1 others
  mapfile -t others < <(members | grep -vx -- "$org")
  mkdir -p "$dir/channel/$org"
  { echo 'Organizations:'; member_section "$org"; } >"$dir/channel/$org/configtx.yaml"
  FABRIC_CFG_PATH=$dir/channel/$org configtxgen -printOrg "$org" >"$dir/channel/$org/section.json" 2>"$dir/channel/$org/log" ||
    { tail -n 5 "$dir/channel/$org/log" >&2; fail "configtxgen -printOrg $org failed"; }
  update_channel "admit-$org" '.channel_group.groups.Application.groups[$org] = ($section[0]
      | .values.AnchorPeers = {mod_policy: "Admins", version: "0", value: {anchor_peers: [{host: "127.0.0.1", port: $port}]}})' \
    "${others[*]:0:${#others[@]}/2+1}" \
    --arg org "$org" --argjson port "$(node_port "peer-$org" api)" --slurpfile section "$dir/channel/$org/section.json"
}

give_chaincode() {
  write_chaincode "$1"
  install_package "$1"
  node_launch "chaincode-$1"
  approved "$1" || approve "$1"
  node_await "chaincode-$1"
}

# widen: a majority of all members endorses changes of who is a member of the ledger, no longer one of those it began with: that many
# of those say so, then the records that stand are brought to it, some at a time.
widen() {
  local org wanted first cursor='' next
  wanted=$(cut -d' ' -f2 "$dir/members" | sort)
  [ -n "$(endorsers)" ] || return 0
  for org in $(members); do
    [ "$(endorsers)" != "$wanted" ] || break
    [ -n "$(node_pid "peer-$org")" ] || continue
    endorsers | grep -qx "$(member_msp "$org")" || continue
    # shellcheck disable=SC2086 # one argument each
    quietly "endorsers-$org" invoke "$org" endorsers $wanted
  done
  [ "$(endorsers)" = "$wanted" ] || fail 'too few peers run to decide who endorses changes of members: start them and repeat this'
  first=$(members | head -n 1)
  while true; do
    next=$(ask guard "$cursor")
    quietly guard invoke "$first" guard "$cursor"
    [ -n "$next" ] || break
    cursor=$next
  done
  echo "a majority of $(members | wc -l) endorses changes of who is a member of the ledger"
}

# The MSPs of which a majority endorses such changes, a line each; none if the ledger has not begun or named none.
endorsers() {
  [ "${setting[sequence]}" = 0 ] || ask version 2>/dev/null | jq -r '.endorsers[]?' 2>/dev/null | sort || true
}

# ask ARG…: calls the chaincode of the first member whose peer runs, and changes nothing.
ask() {
  local org
  for org in $(members); do
    [ -z "$(node_pid "peer-$org")" ] || break
  done
  acting "$org" User1 peer chaincode query --channelID $channel --name $chaincode --ctor "$(arguments "$@")"
}

# network_revoke ORG USER: the organisation's authority lists the certificate, and its administrator publishes the list
# in the channel's configuration. From that block on every peer refuses what the user signs.
network_revoke() {
  local org=$1 user=${2/#client/User1} authority list sequence
  open_network
  need_member "$org"
  command -v openssl >/dev/null || fail 'openssl is not installed'
  [ -d "$(user_msp "$org" "$user")" ] || fail "$org has no user $2: Admin, client (User1) or User2"
  authority=$(org_dir "$org")/revocation list=$(org_dir "$org")/revocation/list.pem
  prepare_authority "$org" "$authority"
  quietly "revoke-$user" unless_listed "$authority" "$(user_msp "$org" "$user")/signcerts/$user@$org-cert.pem"
  quietly "list-$org" openssl ca -config "$authority/openssl.cnf" -gencrl -out "$list"
  update_channel "revoke-$org" '.channel_group.groups.Application.groups[$org].values.MSP.value.config.revocation_list = [$list]' \
    "$org" --arg org "$org" --arg list "$(base64 -w0 "$list")"
  sequence=$(config_sequence orderer)
  for org in $(members); do
    [ -z "$(node_pid "peer-$org")" ] || await_config "$org" "$sequence"
  done
  echo "the certificate of $user at $1 is on the channel's revocation list"
}

# What `openssl ca` remembers: the certificates on the list so far.
prepare_authority() {
  local org=$1 authority=$2
  [ ! -e "$authority" ] || return 0
  mkdir -p "$authority"
  : >"$authority/index"
  echo 01 >"$authority/number"
  cat >"$authority/openssl.cnf" <<CONFIGURATION
[ca]
default_ca = authority
[authority]
database = $authority/index
crlnumber = $authority/number
certificate = $(org_dir "$org")/ca/ca.$org-cert.pem
private_key = $(org_dir "$org")/ca/priv_sk
default_md = sha256
default_crl_days = 3650
crl_extensions = extensions
[extensions]
authorityKeyIdentifier = keyid:always
CONFIGURATION
}

unless_listed() {
  local serial
  serial=$(openssl x509 -in "$2" -noout -serial)
  awk -v serial="${serial#serial=}" '$4 == serial { found = 1 } END { exit !found }' "$1/index" ||
    openssl ca -config "$1/openssl.cnf" -revoke "$2"
}
