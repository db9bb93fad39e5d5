#!/usr/bin/env bash
# Builds the engine for the platforms whose libraries are committed, all of them on one machine.
#
#     build-engines.sh OUTPUT [PLATFORM...]
#
# writes OUTPUT/<platform>/<library>, of all platforms if none is named, and THIRD-PARTY.txt beside this file. Use it as
#
#     mvn -pl decentdb-native -Dengine.refresh process-resources
#
# which packs what it built into prebuilt/. Every library is built alike, whichever machine does it: Zig is the C compiler
# and the linker, and the standard library of Rust is compiled along, since distributions have it for few platforms. It
# takes python3, and a Rust compiler with the sources of its standard library: that of a rustup toolchain with the
# component rust-src, or Debian's, which is installed if there is none and the user may do so.
set -euo pipefail

readonly ZIGBUILD=cargo-zigbuild==0.24.1 ZIG=ziglang==0.17.1
# The oldest glibc that a current JVM runs on, that of RHEL 7.
readonly GLIBC=2.17

readonly PLATFORMS=(linux-aarch64 linux-aarch64-musl linux-x86-64 linux-x86-64-musl win32-x86-64)
declare -rA TARGETS=(
    [linux-aarch64]=aarch64-unknown-linux-gnu
    [linux-aarch64-musl]=aarch64-unknown-linux-musl
    [linux-x86-64]=x86_64-unknown-linux-gnu
    [linux-x86-64-musl]=x86_64-unknown-linux-musl
    [win32-x86-64]=x86_64-pc-windows-gnu
)

fail() {
    echo "build-engines.sh: $*" >&2
    exit 1
}

# Prints a compiler that has the sources of its standard library beside it.
rustc_with_sources() {
    local each
    for each in "$(command -v rustc || true)" /usr/bin/rustc; do
        if [ -x "$each" ] && [ -e "$("$each" --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]; then
            echo "$each"
            return
        fi
    done
    return 1
}

[ $# -ge 1 ] || fail "name the folder for the libraries, and platforms of: ${PLATFORMS[*]}"
mkdir -p "$1"
output=$(cd "$1" && pwd)
shift
platforms=("$@")
[ $# -gt 0 ] || platforms=("${PLATFORMS[@]}")
for platform in "${platforms[@]}"; do
    [ -n "${TARGETS[$platform]:-}" ] || fail "no library is built for '$platform'; there are: ${PLATFORMS[*]}"
done
rm -rf "${output:?}"/*

cd "$(dirname "$0")"
target_dir=${CARGO_TARGET_DIR:-$PWD/target}/engines
mkdir -p "$target_dir"

if ! rustc=$(rustc_with_sources); then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "no Rust compiler has the sources of its standard library: rustup component add rust-src," \
            "or on Debian as root: apt-get install rustc-web cargo-web rust-web-src"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src
    rustc=$(rustc_with_sources) || fail "Debian's rust-web-src brought no sources of the standard library"
fi
tools=$target_dir/tools
if ! "$tools/bin/python" -m pip show --quiet "${ZIGBUILD%%==*}" "${ZIG%%==*}" 2>/dev/null; then
    rm -rf "$tools"
    python3 -m venv "$tools"
fi
"$tools/bin/python" -m pip install --quiet "$ZIGBUILD" "$ZIG"
# A proxy of rustup's chooses a toolchain by the folder; cargo is beside the compiler.
export PATH=$tools/bin:$(dirname "$rustc"):$PATH
export RUSTC=$rustc CARGO_TARGET_DIR=$target_dir CARGO_INCREMENTAL=0
sources=$(realpath "$("$rustc" --print sysroot)/lib/rustlib/src/rust")
"$rustc" --version
cargo-zigbuild --version

# Rust takes compiling the standard library along for an experiment, and allows those of releases only so.
export RUSTC_BOOTSTRAP=1
# Messages of panics name files, and not those of the machine that built. The C library is that of the system: with musl
# it would otherwise be linked in.
export RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=crates --remap-path-prefix=$sources=rust \
--remap-path-prefix=$PWD=engine -Ctarget-feature=-crt-static"
# Zig keeps frame pointers, which cost SQLite a few percent.
export CFLAGS=-fomit-frame-pointer
for platform in "${platforms[@]}"; do
    target=${TARGETS[$platform]}
    built=$target_dir/$target/release
    flags=$RUSTFLAGS
    case $target in
        *-windows-gnu)
            library=decentdb.dll
            # Debian's compiler asks for the part of GCC that guards stacks, of which nothing is used.
            mkdir -p "$target_dir/unused"
            printf '!<arch>\n' >"$target_dir/unused/libssp_nonshared.a"
            flags+=" -Lnative=$target_dir/unused"
            ;;
        *-linux-gnu) library=libdecentdb.so target=$target.$GLIBC ;;
        *) library=libdecentdb.so ;;
    esac
    # Cargo optimises the whole at once only if nothing but this library is made of it.
    RUSTFLAGS=$flags cargo-zigbuild rustc --lib --crate-type cdylib --release --locked --target "$target" \
        -Zbuild-std=std,panic_unwind -Zbuild-std-features=default,panic-unwind
    install -D -m 755 "$built/$library" "$output/$platform/$library"
done
"$tools/bin/python" third-party.py "$("$tools/bin/python" -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))')"
