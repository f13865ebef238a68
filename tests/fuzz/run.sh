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

# The readers know nothing of nets, so base, io and vision are enough; params.c does.
sources=$(ls lib/base/*.c lib/io/*.c lib/vision/*.c lib/kernels/warp.c | grep -v '^lib/io/params.c$')
failed=
for harness in tests/fuzz/fuzz_*.c; do
    name=$(basename "$harness" .c)
    what=${name#fuzz_}
    # shellcheck disable=SC2086,SC2046
    "$CC" -g -O1 -std=c11 -D_POSIX_C_SOURCE=200809L -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -Iinclude -Ilib -Ithird_party '-DSTBI_ASSERT(x)=((x) ? (void)0 : __builtin_trap())' $(pkg-config --cflags jansson zlib) \
        $sources "$harness" -o $out/$name \
        $(pkg-config --libs jansson zlib) -lpthread -lm || { failed="$failed $name"; continue; }
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
