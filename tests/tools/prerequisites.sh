#!/bin/sh
# Looks for the programs that the targets need, installs with apt what is missing where that is allowed, and says so.
#
#     prerequisites.sh build java openssl python
set -eu

missing=
rust=
for needed in "$@"; do
    case $needed in
    build)
        command -v cc >/dev/null || missing="$missing gcc libc6-dev"
        command -v git >/dev/null || missing="$missing git"
        # What compiles says how far it is, by a script.
        command -v python3 >/dev/null || missing="$missing python3"
        command -v cargo >/dev/null || rust=missing
        ;;
    java) { command -v javac && command -v mvn; } >/dev/null || missing="$missing openjdk-17-jdk-headless maven" ;;
    make) command -v make >/dev/null || missing="$missing make" ;;
    jq) command -v jq >/dev/null || missing="$missing jq" ;;
    openssl) command -v openssl >/dev/null || missing="$missing openssl" ;;
    chromium) command -v chromium >/dev/null || missing="$missing chromium fonts-liberation" ;;
    go) command -v go >/dev/null || missing="$missing golang" ;;
    buildah) command -v buildah >/dev/null || missing="$missing buildah" ;;
    qemu) command -v qemu-aarch64 >/dev/null || missing="$missing qemu-user" ;;
    shells) { command -v zsh && command -v fish; } >/dev/null || missing="$missing zsh fish" ;;
    strip) command -v strip >/dev/null || missing="$missing binutils" ;;
    musl) command -v musl-gcc >/dev/null || missing="$missing musl-tools" ;;
    python) python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv" ;;
    *) echo "prerequisites.sh does not know $needed" >&2 && exit 2 ;;
    esac
done
if [ -n "$rust" ]; then
    echo "please install Rust, as https://rustup.rs says${missing:+, and with your package manager:$missing}" >&2
    exit 1
fi
[ -z "$missing" ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "please install, all at once:$missing" >&2
    exit 1
fi
echo "apt-get install$missing" >&2
apt-get -qq update
# Unquoted: a word for each package.
DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null
