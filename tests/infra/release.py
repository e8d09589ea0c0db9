"""Holds what `make release` made against what it promises: each sum, static binaries that run, packages that install, lists that are whole.
README's own commands install them, below another root.

    release.py FOLDER

What this machine cannot run by itself, qemu's emulation of a process does.
"""

import glob
import hashlib
import json
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import zipfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}
INSTALLED = [
    "usr/bin/meerkat",
    "usr/share/bash-completion/completions/meerkat",
    "usr/share/doc/meerkat/copyright",
    "usr/share/fish/vendor_completions.d/meerkat.fish",
    "usr/share/man/man1/meerkat.1.gz",
    "usr/share/zsh/vendor-completions/_meerkat",
]


def main():
    files = pathlib.Path(sys.argv[1])
    version = re.search(r'^version = "(.*)"', (REPOSITORY / "Cargo.toml").read_text(), re.M)[1]
    names = [f"meerkat-{version}-linux-{arch}{end}" for arch in DEBIAN for end in ("", ".cdx.json")]
    names += [f"meerkat_{version}-1_{debian}.deb" for debian in DEBIAN.values()]
    names += [f"meerkat-{version}-lambda-arm64.zip"]
    same(sorted(path.name for path in files.iterdir()), sorted([*names, "SHA256SUMS"]), "what a release consists of")
    sums = dict(reversed(line.split("  ")) for line in (files / "SHA256SUMS").read_text().splitlines())
    same(sums, {name: hashlib.sha256((files / name).read_bytes()).hexdigest() for name in names}, "SHA256SUMS")

    for arch in DEBIAN:
        binary = files / f"meerkat-{version}-linux-{arch}"
        is_static(binary, arch)
        same(version_of(arch, binary), version, "the binary runs")
        dependencies(files / f"{binary.name}.cdx.json", arch)
        with tempfile.TemporaryDirectory(prefix="release-") as root:
            installs(files, arch, pathlib.Path(root), version)

    with zipfile.ZipFile(files / f"meerkat-{version}-lambda-arm64.zip") as archive, tempfile.TemporaryDirectory() as folder:
        same(archive.namelist(), ["bootstrap"], "the zip for Lambda")
        same(elf(pathlib.Path(archive.extract("bootstrap", folder)))[0], "AArch64", "its architecture")
    print(f"{len(names)} files of {version} keep their promises")


def elf(binary):
    """The machine that a program is for, and whether it asks for a loader or a library."""
    header = do("readelf", "--file-header", "--wide", binary)
    parts = do("readelf", "--program-headers", "--dynamic", "--wide", binary)
    return re.search(r"Machine:\s+(.*)", header)[1].strip(), "INTERP" in parts or "NEEDED" in parts


def is_static(binary, arch):
    machine = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}[arch]
    same(elf(binary), (machine, False), f"{binary.name} is static")
    if arch == platform.machine():
        found = subprocess.run(["ldd", binary], capture_output=True, text=True)
        same(any(words in found.stdout + found.stderr for words in ("statically linked", "not a dynamic executable")), True, f"ldd {binary.name}")


def command(begin, files, arch, root):
    """A command of README's table for this architecture, as words, with every path below another root."""
    line = re.search(rf"`sudo ({begin} [^`]*)`", (REPOSITORY / "README.md").read_text())[1]
    line = line.replace("x86_64", arch).replace("amd64", DEBIAN[arch]).replace("target/release-files", str(files))
    words = line.replace(" /usr/", f" {root}/usr/").split()
    return [found for word in words for found in (sorted(glob.glob(word)) if "*" in word else [word])]


def installs(files, arch, root, version):
    """dpkg itself, in a root that has nothing else; then the binary alone."""
    for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "usr/local/bin"):
        (root / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg = ["dpkg", f"--root={root}", "--force-not-root", "--force-architecture", f"--log={root}/log"]
    binary = files / f"meerkat-{version}-linux-{arch}"
    do(*dpkg, *command("dpkg", files, arch, root)[1:])
    known = do("dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", "--showformat", "${Status} ${Architecture} ${Version}", "meerkat")
    same(known, f"install ok installed {DEBIAN[arch]} {version}-1", "what dpkg knows")
    listed = [path.lstrip("/") for path in do("dpkg-query", f"--admindir={root}/var/lib/dpkg", "--listfiles", "meerkat").splitlines()]
    same(sorted(path for path in listed if (root / path).is_file()), INSTALLED, "what is installed")
    same((root / "usr/bin/meerkat").read_bytes() == binary.read_bytes(), True, "the package's program is the static one")
    same(version_of(arch, root / "usr/bin/meerkat"), version, "the installed program runs")
    manual = do("gzip", "--decompress", "--stdout", root / "usr/share/man/man1/meerkat.1.gz").strip()
    same(manual, run(arch, binary, "--man"), "the manual")
    do(*dpkg, "--remove", "meerkat")
    same((root / "usr/bin/meerkat").exists(), False, "what is removed is gone")
    do(*command("install", files, arch, root))
    same(version_of(arch, root / "usr/local/bin/meerkat"), version, "the binary that was put there runs")


def dependencies(bill, arch):
    """Every crate that cargo links for this target is in the list, and each has a licence."""
    listed = json.loads(bill.read_text())
    same(listed["bomFormat"], "CycloneDX", bill.name)
    components = {(part["name"], part["version"]) for part in listed["components"]}
    tree = do("cargo", "tree", "--locked", "--target", f"{arch}-unknown-linux-musl", "--edges", "normal", "--prefix", "none", "--format", "{p}")
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    linked = {(name, number.lstrip("v")) for name, number in linked if name != "meerkat-lag"}
    same(sorted(linked - components), [], "crates that the list lacks")
    same([part["name"] for part in listed["components"] if not part.get("licenses")], [], "crates without a licence")
    same(len(linked) > 100, True, "the tree was read")


def version_of(arch, binary):
    return re.match(r"meerkat ([0-9.]+),", run(arch, binary, "--version"))[1]


def run(arch, binary, *arguments):
    emulator = [] if arch == platform.machine() else [f"qemu-{arch}"]
    return do(*emulator, binary, *arguments).strip()


def do(*command):
    done = subprocess.run(command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout


def same(found, expected, what):
    if found != expected:
        sys.exit(f"{what}:\n  found    {found}\n  expected {expected}")


if __name__ == "__main__":
    main()
