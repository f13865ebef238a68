#!/bin/sh
# quickstart.sh -- from a fresh clone to a trained network: installs what is missing, builds, trains on MNIST.
set -eu

usage="usage: ./quickstart.sh [--no-install] [-- arguments of week04-mnist]
  --no-install   install nothing; say what is missing and stop
  -h, --help     this text
After --, for example: ./quickstart.sh -- --model lenet --epochs 5. Without any: --epochs 2, less than a minute."

me=quickstart install=yes
while [ $# -gt 0 ]; do
    case $1 in
    --no-install) install=no ;;
    -h | --help) echo "$usage"; exit 0 ;;
    --) shift; break ;;
    *) echo "quickstart: unknown argument '$1'
$usage" >&2; exit 2 ;;
    esac
    shift
done

root=$(cd "$(dirname "$0")" && pwd -P)
cd "$root"
. scripts/setup.sh

look_for_build
install_missing

build=$root/build/release
drop_if_moved "$build"
mkdir -p "$build"
log=$build/quickstart.log
quietly() {
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "quickstart: this failed, see above: $*" >&2
        exit 1
    fi
}

echo "quickstart: building in build/release"
quietly cmake --preset release -G "$(generator "$build")" -DMLCORE_TESTS=OFF -DMLCORE_WERROR=OFF
quietly cmake --build "$build" -j "$(cpus)"

[ $# -gt 0 ] || set -- --epochs 2
echo "quickstart: build/release/week04-mnist $*"
exec "$build/week04-mnist" "$@"
