# stages.sh -- how test.sh runs a stage and counts. Sourced.
passed=0 failed=0 skipped=0 failures=
logs=$root/build/test-logs
mkdir -p "$logs"
started=$(date +%s)

say() { printf '%4ds  %s\n' $(($(date +%s) - started)) "$*"; }

# fail NAME LOG: counts a failure and shows the end of its log
fail() {
    failed=$((failed + 1))
    failures="$failures $1"
    say "$1: FAILED, the end of $2:"
    tail -n 60 "$2"
}
skip() {
    skipped=$((skipped + 1))
    say "$1: skipped: $2"
}

# stage NAME command...: one test; status 77 is a skip, whose reason is its last line
stage() {
    stage_name=$1
    shift
    stage_status=0
    "$@" >"$logs/$stage_name.log" 2>&1 || stage_status=$?
    case $stage_status in
    0)
        passed=$((passed + 1))
        say "$stage_name: passed. $(tail -n 1 "$logs/$stage_name.log")"
        ;;
    77) skip "$stage_name" "$(tail -n 1 "$logs/$stage_name.log")" ;;
    *) fail "$stage_name" "$logs/$stage_name.log" ;;
    esac
}

# build PRESET cmake-arguments...: false, and one failure counted, where it does not build
build() {
    build_preset=$1
    shift
    drop_if_moved "$root/build/$build_preset"
    if cmake --preset "$build_preset" -G "$(generator "$root/build/$build_preset")" "$@" >"$logs/build-$build_preset.log" 2>&1 &&
        cmake --build "$root/build/$build_preset" -j "$(cpus)" >>"$logs/build-$build_preset.log" 2>&1; then
        say "$build_preset: built"
    else
        fail "build-$build_preset" "$logs/build-$build_preset.log"
        return 1
    fi
}

# tests PRESET ctest-arguments...: each program that ctest runs is one test
tests() {
    tests_preset=$1
    shift
    run_tests "$tests_preset" "$tests_preset" "$@"
}
# run_tests NAME PRESET ctest-arguments...
run_tests() {
    tests_name=$1 tests_preset=$2
    shift 2
    tests_log=$logs/tests-$tests_name.log
    ctest --test-dir "$root/build/$tests_preset" -j "$(cpus)" --output-on-failure --no-tests=error "$@" >"$tests_log" 2>&1
    tests_status=$?
    ok=$(grep -c '^ *[0-9]*/[0-9]* Test .* Passed ' "$tests_log")
    missed=$(grep -c '^ *[0-9]*/[0-9]* Test .*\*\*\*Skipped' "$tests_log")
    wrong=$(grep '^ *[0-9]*/[0-9]* Test .*\*\*\*' "$tests_log" | grep -vc '\*\*\*Skipped')
    # A ctest that fails without naming a test has failed all the same.
    [ $tests_status = 0 ] || [ "$wrong" -gt 0 ] || wrong=1
    passed=$((passed + ok)) failed=$((failed + wrong)) skipped=$((skipped + missed))
    say "$tests_name: $ok passed, $wrong failed, $missed skipped"
    if [ "$wrong" -gt 0 ]; then
        failures="$failures $tests_name:$(sed -n '/\*\*\*Skipped/d; s/^ *[0-9]*\/[0-9]* Test *#[0-9]*: \([^ ]*\) .*\*\*\*.*/\1/p' "$tests_log" |
            tr '\n' ' ')"
        grep -v ' Passed ' "$tests_log" | grep -v '^ *Start ' | tail -n 150
    fi
}

# want_tool COMMAND PACKAGE...: whether an optional tool is here, or could be installed
want_tool() {
    tool=$1
    shift
    command -v "$tool" >/dev/null 2>&1 && return 0
    [ $install = yes ] && can_apt || return 1
    log=$logs/install-$tool.log
    apt_install "$@" && command -v "$tool" >/dev/null 2>&1
}
want_file() {
    wanted=$1
    shift
    [ -e "$wanted" ] && return 0
    [ $install = yes ] && can_apt || return 1
    log=$logs/install-$1.log
    apt_install "$@" && [ -e "$wanted" ]
}
