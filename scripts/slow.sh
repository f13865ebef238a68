# slow.sh -- the second tier of test.sh. Sourced. What cannot be had here is skipped, and said.

# ---- clang: every warning an error ----
if want_tool clang-14 clang-14 libclang-rt-14-dev; then
    clang=clang-14
    [ -d /usr/lib/llvm-14/lib/clang ] && want_file "$(echo /usr/lib/llvm-14/lib/clang/*/lib/linux)" libclang-rt-14-dev || :
elif want_tool clang clang; then
    clang=clang
else
    clang=
fi
if [ -n "$clang" ]; then
    build clang -DCMAKE_C_COMPILER=$clang && tests clang -L 'unit|tree'
else
    skip clang "clang is not here"
fi

# ---- for any CPU, without BLAS: the best variant of the kernels, then the older ones ----
older_variants() {
    for level in 2 3; do
        MLCORE_CPU=x86-64-v$level
        export MLCORE_CPU
        run_tests portable-v$level portable -R '^test_(kernels|linalg)_'
        unset MLCORE_CPU
    done
}
build portable && { tests portable -L 'unit|example'; run_tests portable-variants portable -R '^tree_variants'; older_variants; }

# ---- data races ----
build tsan && tests tsan -L unit

# ---- memory, as valgrind sees it ----
under_valgrind() {
    for program in build/valgrind/test_*; do
        case $program in
        # Dozens of nets trained, and ResNet-18 whole: an hour here, and other tests go through the same code.
        */test_doctor_healthy | */test_models) continue ;;
        esac
        [ -f "$program" ] && [ -x "$program" ] && echo "$program"
    done | xargs -n 1 -P "$(cpus)" sh -c '
        valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
            --num-callers=25 "$1" >"$0/valgrind-$(basename "$1").log" 2>&1 && echo "$1 is clean" && exit 0
        echo "$1 is not:"; tail -n 60 "$0/valgrind-$(basename "$1").log"; exit 1' "$logs" || return 1
    echo "all of them are clean"
}
if want_tool valgrind valgrind libc6-dbg; then
    build valgrind -DMLCORE_EXAMPLES=OFF && stage valgrind under_valgrind
else
    skip valgrind "valgrind is not here"
fi

# ---- coverage of lib/ by the unit tests ----
lines_least=90 branches_least=85
coverage_report() {
    gcovr --root . --filter lib/ --object-directory build/coverage "$@" build/coverage
}
measure_coverage() {
    find build/coverage -name '*.gcda' -exec rm {} +
    ctest --test-dir build/coverage -L unit -j "$(cpus)" || return 1
    coverage_report --sort-percentage --fail-under-line $lines_least --fail-under-branch $branches_least
    coverage_status=$?
    coverage_report | awk '/^TOTAL/ { print "lines of lib/ reached: " $NF }'
    coverage_report --branches | awk '/^TOTAL/ { print "branches of lib/ taken: " $NF }'
    return $coverage_status
}
if want_tool gcovr gcovr; then
    build coverage -DMLCORE_EXAMPLES=OFF && stage coverage measure_coverage
else
    skip coverage "gcovr is not here"
fi

# ---- one sign flipped in each backward: some test must fail ----
stage flip-signs scripts/flip-signs.sh

# ---- readers of files, fuzzed ----
if [ -x tests/fuzz/run.sh ] && [ -n "$clang" ]; then
    stage fuzz env CC=$clang tests/fuzz/run.sh "$fuzz_seconds"
else
    skip fuzz "clang or tests/fuzz/run.sh is not here"
fi

# ---- full runs: the mean of three seeds, as the README states it ----
# accuracy NAME LEAST arguments...
accuracy() {
    accuracy_name=$1 accuracy_least=$2
    shift 2
    sum=
    for seed in 1 2 3; do
        out=build/accuracy/$accuracy_name-$seed
        build/check/week04-mnist --quiet --seed $seed --out $out "$@" || return 1
        one=$(sed -n 's/.*"test_accuracy": *\([0-9.eE+-]*\).*/\1/p' $out/metrics.json)
        [ -n "$one" ] || { echo "$out/metrics.json has no test_accuracy"; return 1; }
        sum="$sum $one"
    done
    echo $sum | awk -v least="$accuracy_least" '{ for (i = 1; i <= NF; i++) { s += $i; q += $i * $i }
        mean = s / NF; spread = sqrt(q / NF - mean * mean)
        printf "mean test accuracy of %d seeds %.2f %%, spread %.2f, at least %.2f wanted:%s\n", NF, 100 * mean,
            100 * spread, 100 * least, $0
        exit !(mean >= least) }'
}
# The table of --study overfit in the README of week 4, to a point and a half.
study() {
    build/check/week04-mnist --quiet --study overfit --out build/accuracy/study || return 1
    for line in nothing:0.862 dropout:0.868 weight_decay:0.8665 early_stop:0.856 augmentation:0.921 more_digits:0.9445; do
        one=$(sed -n 's/.*"validation_accuracy_'"${line%:*}"'": *\([0-9.]*\).*/\1/p' build/accuracy/study/metrics.json)
        echo "${line%:*}: validation accuracy $one, the README says ${line#*:}"
        echo "$one ${line#*:}" | awk '{ exit !($1 - $2 < 0.015 && $2 - $1 < 0.015) }' || return 1
    done
    echo "the remedies do what the README says"
}
if [ -x build/check/week04-mnist ]; then
    stage accuracy-softmax accuracy softmax 0.92 --model softmax
    stage accuracy-mlp accuracy mlp 0.982 --model mlp
    stage accuracy-mlp-2 accuracy mlp-2 0.984 --model mlp --hidden 512,256
    stage accuracy-lenet accuracy lenet 0.989 --model lenet
    stage accuracy-cnn accuracy cnn 0.993 --model cnn
    stage accuracy-quickstart accuracy quickstart 0.988 --epochs 2
    stage photos env MLCORE_BUILD="$root/build/check" MLCORE_SOURCE="$root" \
        MLCORE_PHOTO_MODEL="$root/build/accuracy/quickstart-1/model.safetensors" sh tests/examples/week04-predict.sh
    stage accuracy-cnn-augment accuracy cnn-augment 0.995 --model cnn --augment
    stage study study
    fashion=/usr/share/datasets/fashion-mnist
    if want_file $fashion dataset-fashion-mnist; then
        stage accuracy-fashion accuracy fashion 0.885 --model mlp --data $fashion
    else
        skip accuracy-fashion "dataset-fashion-mnist is not here"
    fi
else
    skip accuracy "build/check/week04-mnist is not built"
fi

# ---- a report as a browser shows it ----
if want_tool chromium chromium; then
    stage report env MLCORE_REPORT=whole MLCORE_BUILD="$root/build/check" MLCORE_SOURCE="$root" sh tests/report.sh
else
    skip report "chromium is not here"
fi

# ---- arm64: the unit tests, cross-compiled, under qemu ----
arm64() {
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    tree=$root/build/arm64-root
    if [ ! -e "$tree/usr/include/cmocka.h" ]; then
        rm -rf "$tree"
        if [ $install = no ] || [ -z "$suite" ] ||
            ! mmdebstrap --variant=extract --architectures=arm64 \
                --include=libc6-dev,libjansson-dev,zlib1g-dev,libcmocka-dev "$suite" "$tree"; then
            echo "the arm64 libraries could not be had"
            return 77
        fi
    fi
    PKG_CONFIG_LIBDIR=$tree/usr/lib/aarch64-linux-gnu/pkgconfig:$tree/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tree \
        cmake -S . -B build/arm64 -G "$(generator build/arm64)" -DCMAKE_TOOLCHAIN_FILE="$root/cmake/arm64.cmake" \
        -DMLCORE_SYSROOT="$tree" -DMLCORE_NATIVE=OFF -DMLCORE_BLAS=OFF -DMLCORE_EXAMPLES=OFF || return 1
    cmake --build build/arm64 -j "$(cpus)" || return 1
    # test_doctor_healthy trains dozens of nets: too many for an emulator.
    MLCORE_NO_FORK=1 ctest --test-dir build/arm64 -L unit -E test_doctor_healthy -j "$(cpus)" --output-on-failure --timeout 900 ||
        return 1
    echo "unit tests of arm64 pass under $(qemu-aarch64 --version | head -n 1)"
}
if want_tool qemu-aarch64 qemu-user && want_tool aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross &&
    want_tool mmdebstrap mmdebstrap; then
    stage arm64 arm64
else
    skip arm64 "qemu-user, gcc-aarch64-linux-gnu or mmdebstrap is not here"
fi

# ---- a locale whose decimal point is a comma ----
# A program keeps the "C" locale until it asks for another, as a window toolkit does: a preloaded constructor asks.
# Sentences and tables for people may then show the comma; files and numbers must not change by a byte.
in_german() {
    env LOCPATH="$root/build/comma" LC_NUMERIC=de_DE.UTF-8 LD_PRELOAD="$root/build/comma/ask.so" "$@"
}
comma() {
    mkdir -p build/comma
    localedef -i de_DE -f UTF-8 build/comma/de_DE.UTF-8 || { echo "the locale de_DE could not be made"; return 77; }
    printf '%s\n' '#include <locale.h>' '#include <stdio.h>' '#include <stdlib.h>' \
        '__attribute__((constructor)) static void ask(void)' \
        '{ if (!setlocale(LC_ALL, "") || localeconv()->decimal_point[0] != 44) { fputs("no comma\n", stderr); exit(9); } }' \
        >build/comma/ask.c
    ${CC:-cc} -shared -fPIC build/comma/ask.c -o build/comma/ask.so || return 1
    for program in build/check/test_io_* build/check/test_base_file build/check/test_data_idx build/check/test_kernels_* \
        build/check/test_optim_resume; do
        [ -f "$program" ] && [ -x "$program" ] || continue
        echo "$program"
        in_german "$program" || return 1
    done
    run="build/check/week04-mnist --quiet --model softmax --samples 5000 --epochs 1"
    $run --out build/comma/point && in_german $run --out build/comma/comma || return 1
    cmp build/comma/point/model.safetensors build/comma/comma/model.safetensors || return 1
    for out in point comma; do
        tr ',{' '\n\n' <build/comma/$out/metrics.json | grep '"test_' >build/comma/$out.txt
    done
    grep -q '"test_accuracy": *0\.[0-9]' build/comma/comma.txt && cmp build/comma/point.txt build/comma/comma.txt || return 1
    echo "files and numbers are the same bytes under de_DE"
}
if want_tool localedef locales && want_file /usr/share/i18n/locales/de_DE locales; then
    stage comma comma
else
    skip comma "the locales package is not here"
fi

# ---- real data beside the clone ----
if [ -d ../shared/data ]; then
    MLCORE_DATA=$(cd ../shared/data && pwd -P)
    export MLCORE_DATA
    run_tests shared-data check -L example
    unset MLCORE_DATA
else
    skip shared-data "there is no ../shared/data"
fi
