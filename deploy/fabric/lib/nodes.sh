# Sourced by network: the processes. nodes/NODE/environment and nodes/NODE/command say how one is started.

# node_pid NODE: its process, if that still runs. Ids are used again: only a process that works in the node's directory is it.
node_pid() {
  local pid
  pid=$(cat "$dir/nodes/$1/pid" 2>/dev/null) || return 0
  [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" != "$dir/nodes/$1" ] || echo "$pid"
}

need_node() {
  [[ " $(nodes | paste -sd' ') " == *" $1 "* ]] || fail "there is no node $1: $(nodes | paste -sd' ')"
}

# node_launch NODE: starts it without waiting. It outlives this shell, and holds none of its locks and pipes.
node_launch() {
  local node=$1 home=$dir/nodes/$1
  [ -z "$(node_pid "$node")" ] || return 0
  (
    cd "$home"
    set -a
    . ./environment
    set +a
    mapfile -t run <command
    exec setsid "${run[@]}" >>log 2>&1 </dev/null 9>&-
  ) &
  echo $! >"$home/pid"
}

# node_await NODE…: until each takes connections.
node_await() {
  local node
  for node in "$@"; do
    await "$node" "takes connections on $(node_address "$node" api)" listens "$(node_port "$node" api)"
  done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# await NODE WHAT COMMAND…: until the command succeeds, at most a minute and no longer than the node lives.
await() {
  local node=$1 what=$2 deadline=$((SECONDS + 60))
  shift 2
  until "$@"; do
    if [ -z "$(node_pid "$node")" ] || [ $SECONDS -ge $deadline ]; then
      tail -n 5 "$dir/nodes/$node/log" >&2 || true
      fail "$node does not become ready ($what): see $dir/nodes/$node/log"
    fi
    sleep 0.05
  done
}

# metric_at_least NODE METRIC VALUE: whether a line of its metrics that begins so has at least the value.
metric_at_least() {
  curl -sf --max-time 2 "http://$(node_address "$1" operations)/metrics" |
    awk -v metric="$2" -v least="$3" 'index($0, metric) == 1 && $NF >= least { found = 1 } END { exit !found }'
}

# nodes_stop SIGNAL NODE…: sends it to all, then waits; what has not ended after 10 s is killed.
nodes_stop() {
  local signal=$1 node pid deadline=$((SECONDS + 10))
  shift
  for node in "$@"; do
    pid=$(node_pid "$node")
    [ -z "$pid" ] || kill -s "$signal" "$pid" 2>/dev/null || true
  done
  for node in "$@"; do
    while pid=$(node_pid "$node") && [ -n "$pid" ]; do
      [ $SECONDS -lt $deadline ] || kill -s KILL "$pid" 2>/dev/null || true
      sleep 0.05
    done
    rm -f "$dir/nodes/$node/pid"
  done
}

network_start() {
  open_network
  need_node "$1"
  node_launch "$1"
  node_await "$1"
  write_network_json
  echo "$1 runs, process $(node_pid "$1")"
}

network_stop() { stop_one TERM "$1"; }
network_kill() { stop_one KILL "$1"; }

stop_one() {
  open_network
  need_node "$2"
  nodes_stop "$1" "$2"
  write_network_json
  echo "$2 is stopped"
}

network_status() {
  local node pid stopped=0
  network_exists || fail "there is no network in $dir"
  dir=$(cd "$dir" && pwd)
  read_settings
  echo "$dir: channel $channel, chaincode definition ${setting[sequence]}, endorsed by ${setting[policy]}"
  for node in $(nodes); do
    pid=$(node_pid "$node")
    [ -n "$pid" ] || stopped=$((stopped + 1))
    printf '%-28s %-10s %-16s operations %-16s %s\n' "$node" "${pid:-stopped}" "$(node_address "$node" api)" \
      "$(node_address "$node" operations)" "$(awk '/^VmRSS/ { print int($2 / 1024) " MB" }' "/proc/${pid:-0}/status" 2>/dev/null)"
  done
  [ $stopped -eq 0 ] || fail "$stopped nodes are stopped"
}

network_down() {
  if ! network_exists; then
    echo "there is no network in $dir"
    return
  fi
  lock_network
  read_settings
  # Whatever a directory of a node was made for, also where the founding was interrupted.
  local node all=()
  for node in chaincode peer orderer; do
    for node in "$dir/nodes/$node"*; do [ ! -d "$node" ] || all+=("$(basename "$node")"); done
  done
  nodes_stop TERM "${all[@]}"
  if $purge; then
    rm -rf "$dir"
    echo "stopped, and its data removed"
    return
  fi
  [ ! -e "$dir/network.json" ] || write_network_json
  echo "stopped; \`up\` starts it again with what it has"
}
