#!/bin/sh
# Every line of C on docs/from-python.md compiles: each cell of its tables, and each block, in a function of its own. The first
# block, which declares the names, stands outside. An error is reported at its line of the page.
set -eu
cc=${CC:-cc}
page=docs/from-python.md
strict="-std=c11 -Wall -Wextra -Wpedantic -Werror"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$MLCORE_SOURCE"

awk -v page="$page" '
    function open_function() { printf "int line_%d(void);\nint line_%d(void)\n{\n", NR, NR }
    function close_function() { print "    return 0;\n}" }
    /^```/ {
        if (inside == "c" && blocks > 1) close_function()
        inside = inside ? "" : substr($0, 4)
        if (inside == "c" && ++blocks > 1) open_function()
        if (inside == "c") printf "#line %d \"%s\"\n", NR + 1, page
        next
    }
    inside == "c" { print }
    !inside && /^\|/ && !/^\| ---/ && !/\| C \|$/ {
        code = $0
        if (!sub(/` \|$/, "", code) || !sub(/.* \| `/, "", code)) {
            print page ":" NR ": no C at the end of the row" > "/dev/stderr"
            bad = 1
        }
        open_function()
        printf "#line %d \"%s\"\n", NR, page
        print code ~ /;$/ ? "    " code : "    (void)(" code ");"
        close_function()
    }
    END { exit bad }' "$page" >"$work/lines.c"
for real in "" -DMLCORE_DOUBLE; do
    $cc $strict $real -Iinclude -c "$work/lines.c" -o "$work/lines.o" || {
        echo "$page: some of its C does not compile"
        exit 1
    }
done
pieces=$(grep -c '^int line_.*;$' "$work/lines.c")
echo "$pieces pieces of C on $page compile"
[ "$pieces" -ge 100 ]
