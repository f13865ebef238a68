#!/bin/sh
# Fuzzes every reader of files for SECONDS each (default 60), with AddressSanitizer and UBSan. Wants clang with its
# fuzzer library (Debian: clang-14 libclang-rt-14-dev); CC chooses another one. What it learns stays in build/fuzz.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
case $seconds in
'' | *[!0-9]*) echo "usage: tests/fuzz/run.sh [SECONDS]" >&2; exit 2 ;;
esac
CC=${CC:-clang-14}
command -v "$CC" >/dev/null || { echo "fuzz: $CC is not here: apt install clang-14 libclang-rt-14-dev, or set CC" >&2; exit 2; }
out=build/fuzz
mkdir -p $out

# The whole library, since the reader of nets stands on most of it; without a BLAS, whose inside is not ours.
sanitizers=address,undefined
cmake -S . -B $out/lib -DCMAKE_C_COMPILER="$CC" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O1 -g -DMLCORE_FUZZ" -DMLCORE_BLAS=OFF \
    -DMLCORE_SANITIZE=fuzzer-no-link,$sanitizers -DMLCORE_TESTS=OFF -DMLCORE_EXAMPLES=OFF >$out/lib.log 2>&1 &&
    cmake --build $out/lib --target mlcore_static -j "$(getconf _NPROCESSORS_ONLN)" >>$out/lib.log 2>&1 ||
    { tail -n 40 $out/lib.log; exit 1; }
modules="jansson zlib" defines=
pkg-config --exists libzip && modules="$modules libzip" defines=-DMLCORE_ZIP
failed=
for harness in tests/fuzz/fuzz_*.c; do
    name=$(basename "$harness" .c)
    what=${name#fuzz_}
    [ $what = npz ] && [ -z "$defines" ] && { echo "fuzz: $name is left out: libzip is not here"; continue; }
    # shellcheck disable=SC2086,SC2046
    "$CC" -g -O1 -std=c11 -D_POSIX_C_SOURCE=200809L -fsanitize=fuzzer,$sanitizers -fno-sanitize-recover=all \
        $defines -Iinclude -Ilib $(pkg-config --cflags $modules) "$harness" $out/lib/libmlcore.a -o $out/$name \
        $(pkg-config --libs $modules) -lpthread -lm || { failed="$failed $name"; continue; }
    mkdir -p $out/corpus-$what
    seeds=tests/fuzz/seeds/$what
    [ "$what" = image ] && seeds="$seeds tests/golden/images"
    dict=
    [ -f tests/fuzz/$what.dict ] && dict=-dict=tests/fuzz/$what.dict
    echo "fuzz: $name, $seconds s"
    # shellcheck disable=SC2086
    $out/$name -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 $dict \
        -artifact_prefix=$out/$name- $out/corpus-$what $seeds >$out/$name.log 2>&1 || {
        failed="$failed $name"
        tail -n 40 $out/$name.log
        continue
    }
    grep -E 'stat::number_of_executed_units|stat::new_units_added|stat::peak_rss_mb|cov:' $out/$name.log | tail -n 4
done
[ -z "$failed" ] || { echo "fuzz: failed:$failed; the inputs lie in $out" >&2; exit 1; }
