#!/bin/sh
# test.sh -- all tests, in two tiers. Its last line: N passed, N failed, N skipped.
set -u

usage="usage: ./test.sh [--slow] [--no-install] [--fuzz-seconds N]
  plain           release and double builds' tests, ASan and UBSan on the unit tests, every example for a moment
  --slow          also clang, no BLAS, ThreadSanitizer, valgrind, coverage, fuzzing, full accuracy runs, arm64, de_DE,
                  ../shared/data
  --no-install    install nothing; stop where something needed is missing, skip what is optional
  --fuzz-seconds  for each fuzz harness of --slow, default 60"

me=test install=yes slow=no fuzz_seconds=60
while [ $# -gt 0 ]; do
    case $1 in
    --slow) slow=yes ;;
    --no-install) install=no ;;
    --fuzz-seconds)
        [ $# -ge 2 ] || { echo "test: --fuzz-seconds wants a number" >&2; exit 2; }
        shift
        fuzz_seconds=$1
        ;;
    -h | --help) echo "$usage"; exit 0 ;;
    *) echo "test: unknown argument '$1'
$usage" >&2; exit 2 ;;
    esac
    shift
done

root=$(cd "$(dirname "$0")" && pwd -P)
cd "$root" || exit 1
. scripts/setup.sh
. scripts/stages.sh

look_for_build
have_module cmocka || { lack cmocka libcmocka-dev libcmocka-devel cmocka cmocka; required="$required${required:+, }cmocka"; }
have_cxx || { lack "a C++ compiler" g++ gcc-c++ gcc gcc; required="$required${required:+, }a C++ compiler"; }
install_missing
want_tool curl curl || : # the test of scripts/get-data.sh wants it, and skips without

# ---- plain ----
build check && tests check
build double && tests double -L 'unit|tree' -E '^tree_(arch|pages|report)$' # sources and pages are the same ones
build asan -DMLCORE_EXAMPLES=OFF && tests asan -L unit

# ---- slow ----
if [ $slow = yes ]; then
    . scripts/slow.sh
fi

echo
[ -z "$failures" ] || printf 'failed:%s\n' "$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
