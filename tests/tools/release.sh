#!/bin/sh
# Puts into TARGET/release-files what a release consists of. The binaries and the zip were built before.
#
#     release.sh TARGET
set -eu

target=$1
files=$target/release-files
here=$target/$(uname -m)-unknown-linux-musl/release/meerkat
version=$("$here" --version | sed 's/^meerkat \([0-9.]*\).*/\1/')
# Archives bear the time of the commit, so that the same commit makes the same files.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

rm -rf "$files"
mkdir -p "$files"
for arch in x86_64 aarch64; do
    triple=$arch-unknown-linux-musl
    built=$target/$triple/release
    # The manual and the completions, which the .deb installs (package.metadata.deb in Cargo.toml).
    mkdir -p "$built/share"
    "$here" --man | gzip --best --no-name >"$built/share/meerkat.1.gz"
    for shell in bash zsh fish; do
        "$here" completions $shell >"$built/share/meerkat.$shell"
    done
    cargo deb --quiet --locked --no-build --no-strip --target "$triple" --output "$files/"
    cp "$built/meerkat" "$files/meerkat-$version-linux-$arch"
    cargo cyclonedx --quiet --format json --target "$triple" --override-filename meerkat-list
    mv meerkat-list.json "$files/meerkat-$version-linux-$arch.cdx.json"
done
cp "$target/lambda/meerkat/bootstrap.zip" "$files/meerkat-$version-lambda-arm64.zip"
(cd "$files" && sha256sum -- * >SHA256SUMS && ls -l)
