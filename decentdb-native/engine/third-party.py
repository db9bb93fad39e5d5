"""Writes THIRD-PARTY.txt: the licences of what is linked into the engine's libraries.

    third-party.py FOLDER_OF_ZIG

The crates are those that Cargo.lock leads to from the dependencies in Cargo.toml, for every platform, tools of the build
among them. A test holds the names and versions in the file to Cargo.lock.
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

ENGINE = pathlib.Path(__file__).parent
TEXTS = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)", re.IGNORECASE)
HEAD = """Third-party software in the engine of r2dbc-decentdb
====================================================

The engine is licensed under the Apache License 2.0, the text of which is in the file LICENSE. Linked into its libraries are
the following. Where a licence may be chosen and the Apache License 2.0 is among them, it is that one; the other texts
stand below the names.

- SQLite, public domain
    https://sqlite.org/copyright.html
- The Rust standard library, MIT OR Apache-2.0
    https://github.com/rust-lang/rust
- compiler-rt and libunwind of LLVM, Apache-2.0 WITH LLVM-exception
    https://llvm.org; the exception: as an exception, if, as a result of your compiling your source code, portions of
    this Software are embedded into an Object form of such source code, you may redistribute such embedded portions in
    such Object form without complying with the conditions of Sections 4(a), 4(b) and 4(d) of the License.
"""


def locked():
    """The crates that the engine depends on, as names and versions."""
    lock = tomllib.loads((ENGINE / "Cargo.lock").read_text())
    crates = {(crate["name"], crate["version"]): crate for crate in lock["package"]}

    def find(wanted):
        name, _, version = wanted.partition(" ")
        return next(key for key in crates if key[0] == name and version.split(" ")[0] in ("", key[1]))

    manifest = tomllib.loads((ENGINE / "Cargo.toml").read_text())
    own = crates[find(manifest["package"]["name"])]["dependencies"]
    left = [find(name) for name in own if name.partition(" ")[0] in manifest["dependencies"]]
    found = set()
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left.extend(find(name) for name in crates[key].get("dependencies", []))
    return sorted(found)


def texts(folder):
    return [
        file.read_text(errors="replace").strip()
        for file in sorted(folder.iterdir())
        if file.is_file() and TEXTS.match(file.name)
    ]


def main(zig):
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    metadata = json.loads(subprocess.run(command, cwd=ENGINE, check=True, stdout=subprocess.PIPE).stdout)
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    parts = [HEAD]
    for key in locked():
        package = packages[key]
        licence = package["license"] or "see the text"
        parts.append(f"- {key[0]} {key[1]}, {licence}\n    {package['repository'] or 'https://crates.io/crates/' + key[0]}\n")
        if "Apache-2.0" not in re.split(r"\s+OR\s+|/", licence):
            found = texts(pathlib.Path(package["manifest_path"]).parent)
            if not found:
                sys.exit(f"third-party.py: {key[0]} {key[1]} is {licence} and has no text of it")
            parts.extend("\n" + "\n".join(("    " + line).rstrip() for line in text.splitlines()) + "\n" for text in found)
    parts.append("\nIn the library for Windows also the runtime of mingw-w64:\n\n")
    parts.extend(text + "\n" for text in texts(zig / "lib" / "libc" / "mingw"))
    (ENGINE / "THIRD-PARTY.txt").write_text("".join(parts))


main(pathlib.Path(sys.argv[1]))
