#!/bin/sh
# Compiles the contract. The target is that of rustup (`rustup target add wasm32-unknown-unknown`) or of Debian
# (`apt-get install rustc libstd-rust-dev-wasm32 lld`). Usage: build.sh OUTPUT.wasm; the compiler is $RUSTC, or rustc.
exec "${RUSTC:-rustc}" --target wasm32-unknown-unknown --edition 2021 --crate-type cdylib \
  -C opt-level=s -C panic=abort -C lto=fat -C strip=symbols \
  -o "$1" "$(dirname "$0")/src/lib.rs"
