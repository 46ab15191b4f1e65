# Recipes; each calls what exists. `just` lists them.

_default:
    @just --list --unsorted

# The program: target/release/fokker
build:
    cargo build --release

# All tests, the documentation's examples among them
test:
    cargo test --release --workspace

# Form and lints, with the tensor executor
lint:
    cargo fmt --all --check && cargo clippy --release --workspace --all-targets --features fokker-jet/burn,fokker/burn -- -D warnings

# The commands of the pages, or of some pages
docs *PAGES: build
    .ci/check-docs target/release/fokker {{PAGES}}

# The pages as a book: target/book (needs mdbook)
book:
    mdbook build

# The tables of the documents: hours
tables FOLDER='tables' *NAMES='':
    bench/tables.sh {{FOLDER}} {{NAMES}}

# All fuzzers (needs a nightly compiler and cargo-fuzz)
fuzz EXECUTIONS='10000000' *TARGETS='':
    fuzz/run.sh {{EXECUTIONS}} {{TARGETS}}

# What must hold on a fresh machine
ci:
    .ci/run
