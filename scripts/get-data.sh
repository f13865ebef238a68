#!/bin/sh
# get-data.sh NAME [FOLDER] -- downloads a data set from its home and checks it.
#
#   mnist           handwritten digits (LeCun, Cortes, Burges; CC BY-SA 3.0)
#   fashion-mnist   pictures of clothes in the same format (Zalando Research; MIT)
#
# FOLDER is where the files go: $MLCORE_DATA/NAME where that variable is set, else data/NAME beside this script's folder.
# The SHA-256 is that of the unpacked bytes, because mirrors pack them differently. A file is downloaded beside its place
# and renamed when it is right: what is there was checked. MLCORE_DATA_URL names another address to load from.
set -eu

say() { printf 'get-data: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

usage="usage: scripts/get-data.sh mnist|fashion-mnist [FOLDER]"
case "${1:-}" in
-h | --help) printf '%s\n' "$usage"; exit 0 ;;
esac
[ $# -ge 1 ] && [ $# -le 2 ] || die "$usage"

case $1 in
mnist)
    home=https://storage.googleapis.com/cvdf-datasets/mnist
    files='train-images-idx3-ubyte ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db
train-labels-idx1-ubyte 65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5
t10k-images-idx3-ubyte 0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7
t10k-labels-idx1-ubyte ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2' ;;
fashion-mnist)
    home=https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion
    files='train-images-idx3-ubyte c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888
train-labels-idx1-ubyte bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9
t10k-images-idx3-ubyte 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b
t10k-labels-idx1-ubyte 0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34' ;;
*) die "there is no data set '$1': mnist or fashion-mnist" ;;
esac

base=${MLCORE_DATA_URL:-$home}
root=${MLCORE_DATA:-$(cd "$(dirname "$0")/.." && pwd)/data}
folder=${2:-$root/$1}
mkdir -p "$folder" || die "the folder $folder cannot be made"

command -v gzip >/dev/null 2>&1 || die "gzip is needed"
if command -v sha256sum >/dev/null 2>&1; then
    sha256() { sha256sum; }
elif command -v shasum >/dev/null 2>&1; then
    sha256() { shasum -a 256; }
else
    die "sha256sum or shasum is needed to check what was downloaded"
fi
if command -v curl >/dev/null 2>&1; then
    fetch() { curl -fsSL --connect-timeout 20 --retry 2 -o "$2" "$1"; }
elif command -v wget >/dev/null 2>&1; then
    fetch() { wget -q --timeout=20 --tries=3 -O "$2" "$1"; }
else
    die "curl or wget is needed"
fi

hash_of() { gzip -dc <"$1" 2>/dev/null | sha256 | cut -d' ' -f1; }

printf '%s\n' "$files" | while read -r name wanted; do
    place=$folder/$name.gz
    if [ -f "$place" ] && [ "$(hash_of "$place")" = "$wanted" ]; then
        say "$place is there and right"
        continue
    fi
    part=$place.$$.part
    trap 'rm -f "$part"' EXIT # of this loop's own shell
    trap 'exit 130' INT TERM HUP
    say "loading $base/$name.gz"
    fetch "$base/$name.gz" "$part" || die "$base/$name.gz could not be loaded"
    got=$(hash_of "$part")
    if [ "$got" != "$wanted" ]; then
        gzip -t <"$part" 2>/dev/null || die "$base/$name.gz is not a whole gzip file"
        die "$base/$name.gz is another file: its SHA-256 is $got, not $wanted"
    fi
    mv "$part" "$place" || die "$place cannot be written"
done || exit 2
say "$1 lies in $folder"
