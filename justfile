# Names for what `./tests/run` and cargo do.

# Lists the recipes.
default:
    @just --list

# Everything that continuous integration runs, or the named groups.
test *groups:
    ./tests/run {{groups}}

# A day of trade, then the service goes on.
demo *args:
    cargo run --release -- demo {{args}}

# The service alone.
serve *args:
    cargo run --release -- serve {{args}}

# A Fabric network on this machine: up, status, down.
fabric *args:
    deploy/fabric/network {{args}}

# Puts the source into its form.
fmt:
    cargo fmt --all

# The lints as they are in continuous integration.
lint:
    ./tests/run lint

# Accepts changed snapshots after a look at each.
review:
    cargo insta review

# Rates and latencies of the whole system, PostgreSQL beside it.
bench:
    ./tests/run bench

# What is shipped.
dist:
    cargo build --profile dist

# Crates that are there in two versions.
duplicates:
    cargo tree -d --depth 0
