#!/usr/bin/env bash
# Builds the program for production: `make dist`, or dist/build.sh. The result is target/dist/vestibule.
#
# Link-time optimisation over everything (profile `dist`), and optimisation by a profile: an instrumented program serves
# the traffic of `make bench` for some seconds, and the compiler then knows which way requests go. That needs an
# llvm-profdata that is not older than rustc's LLVM: from rustup (`rustup component add llvm-tools`), from the system
# (Debian: llvm-22 for rustc 1.95), or named in LLVM_PROFDATA. Without one, the program is built without the profile, and
# that is said. The training wants wrk and two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
rustc=${RUSTC:-rustc}
target=${CARGO_TARGET_DIR:-target}
seconds=${TRAIN_SECONDS:-6}

llvm=$("$rustc" -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
host=$("$rustc" -vV | sed -n 's/^host: //p')

# The first llvm-profdata that reads what this rustc writes.
profdata() {
    local candidate version
    for candidate in ${LLVM_PROFDATA:-} "$("$rustc" --print sysroot)/lib/rustlib/$host/bin/llvm-profdata" \
        "llvm-profdata-$llvm" llvm-profdata; do
        command -v "$candidate" >/dev/null || continue
        version=$("$candidate" merge --version 2>/dev/null | sed -n 's/.*LLVM version \([0-9]*\).*/\1/p')
        if [ -n "$version" ] && [ "$version" -ge "$llvm" ]; then
            echo "$candidate"
            return
        fi
        echo "==> $candidate is of LLVM ${version:-unknown}, rustc of LLVM $llvm: too old" >&2
    done
}

tool=$(profdata)
if [ -z "$tool" ]; then
    echo "==> No llvm-profdata of LLVM $llvm: building with link-time optimisation only"
    "$cargo" build --locked --profile dist --bin vestibule
elif ! command -v wrk >/dev/null || [ "$(nproc)" -lt 2 ]; then
    echo "==> No wrk, or one core only: nothing to train with; building with link-time optimisation only"
    "$cargo" build --locked --profile dist --bin vestibule
else
    profiles=$(mkdir -p "$target/pgo" && cd "$target/pgo" && pwd)
    rm -rf "$profiles/raw" "$profiles/merged.profdata"
    echo "==> Building the instrumented program, and training: $seconds seconds for each size of answer"
    # With --target, build scripts and macros are not instrumented.
    RUSTFLAGS="${RUSTFLAGS:-} -Cprofile-generate=$profiles/raw" \
        "$cargo" bench --locked --bench proxies --target "$host" --target-dir "$target/pgo/build" -- \
        --only train --seconds "$seconds" --rounds 1
    "$tool" merge -o "$profiles/merged.profdata" "$profiles/raw"
    echo "==> Building with the profile"
    RUSTFLAGS="${RUSTFLAGS:-} -Cprofile-use=$profiles/merged.profdata" \
        "$cargo" build --locked --profile dist --bin vestibule --target "$host"
    mkdir -p "$target/dist"
    cp "$target/$host/dist/vestibule" "$target/dist/vestibule"
fi
ls -l "$target/dist/vestibule"
