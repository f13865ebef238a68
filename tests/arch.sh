#!/bin/sh
# The rooms and the arrows: who may include whom, how long a file is, and what library code never does.
set -u
cd "${MLCORE_SOURCE:-$(dirname "$0")/..}" || exit 1
bad=0
complain() {
    echo "$*"
    bad=1
}

# Rows of docs/architecture.md. A folder includes itself and rows above; of its own row, only public headers.
row() {
    case $1 in
    base) echo 1 ;;
    kernels | linalg) echo 2 ;;
    tensor) echo 3 ;;
    autograd | io) echo 4 ;;
    nn) echo 5 ;;
    optim) echo 6 ;;
    data | metrics) echo 7 ;;
    prep | series | vision) echo 8 ;;
    classical | doctor) echo 9 ;;
    select | models) echo 10 ;;
    plot | report | track | serve | cloud) echo 11 ;;
    *) echo 0 ;;
    esac
}
# The folder that a public header belongs to.
room() {
    case $1 in
    real | matrix | error | memory | rng | threads | build | progress) echo base ;;
    ops | losses | custom) echo autograd ;;
    predictor) echo nn ;;
    checkpoint) echo optim ;;
    frame | csv | summary | wrangle) echo data ;;
    learners | trees) echo classical ;;
    mlcore) echo cloud ;;
    *) echo "$1" ;;
    esac
}
for file in lib/*/*.[ch]; do
    folder=$(basename "$(dirname "$file")")
    mine=$(row "$folder")
    [ "$mine" -gt 0 ] || complain "$file: folder '$folder' has no row"
    for include in $(sed -n 's/^ *# *include *["<]\([^">]*\)[">].*/\1/p' "$file"); do
        case $include in
        mlcore/*)
            theirs=$(row "$(room "$(basename "$include" .h)")")
            [ "$theirs" -gt 0 ] || complain "$file: <$include> has no row"
            [ "$theirs" -le "$mine" ] || complain "$file: <$include> is in row $theirs, below its own row $mine"
            ;;
        */*)
            other=${include%%/*}
            [ -d "lib/$other" ] || continue
            [ "$other" = "$folder" ] || [ "$(row "$other")" -lt "$mine" ] ||
                complain "$file: \"$include\" is not in a row above $mine"
            ;;
        *)
            [ ! -f "lib/$folder/$include" ] || complain "$file: write \"$folder/$include\", from lib/ on"
            ;;
        esac
    done
done
for file in include/mlcore/*.h examples/*/*.[ch]; do
    [ -f "$file" ] || continue
    grep -nE '#include "(base|kernels|linalg|tensor|autograd|io|nn|optim|data|metrics|prep|vision|classical|doctor|select|models|plot|report)/' "$file" &&
        complain "$file: looks behind the door that include/mlcore is"
done

# Length, in lines that are neither blank nor comment: about 400, kernels about 250, and a tenth of grace.
for file in lib/*/*.[ch] include/mlcore/*.h examples/*/*.[ch] lab/*.[ch]; do
    [ -f "$file" ] || continue
    limit=440
    case $file in lib/kernels/*) limit=275 ;; esac
    lines=$(awk '
        { line = $0
          while (1) {
              if (inside) { end = index(line, "*/"); if (!end) { line = ""; break }
                            line = substr(line, end + 2); inside = 0 }
              start = index(line, "/*"); if (!start) break
              rest = substr(line, start + 2); end = index(rest, "*/")
              if (end) line = substr(line, 1, start - 1) substr(rest, end + 2)
              else { line = substr(line, 1, start - 1); inside = 1; break } }
          sub(/\/\/.*/, "", line)
          if (line ~ /[^ \t]/) n++ }
        END { print n + 0 }' "$file")
    [ "$lines" -le $limit ] || complain "$file: $lines lines of code, more than $limit: it has two subjects"
done

# Library code never exits or aborts, and prints only in functions named print, perror or progress, and in their helpers:
# static functions that are handed the FILE *, or a file of that name.
for file in lib/*/*.[ch]; do
    awk -v file="$file" '
        /^[A-Za-z_].*\(/ && !/^(#|typedef|extern|struct|enum|union)/ {
            name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
            if ($0 ~ /^static .*FILE \*/) name = name " (helper of print)" }
        { line = $0; sub(/\/\/.*/, "", line); sub(/^ *\*.*/, "", line); gsub(/\/\*[^*]*\*\//, "", line); gsub(/"([^"\\]|\\.)*"/, "\"\"", line) }
        line ~ /(^|[^A-Za-z0-9_])(exit|_exit|_Exit|quick_exit|abort|assert)[ ]*\(/ {
            print file ":" NR ": " $0; bad = 1 }
        line ~ /(^|[^A-Za-z0-9_])(v?printf|v?fprintf|puts|fputs|putchar|fputc|putc|perror)[ ]*\(/ &&
        (name " " file) !~ /print|perror|progress/ && line !~ /format\(printf/ {
            print file ":" NR ": prints in " name "(): " $0; bad = 1 }
        END { exit bad }' "$file" || bad=1
done
archive=$(ls "${MLCORE_BUILD:-build/release}"/libmlcore*.a 2>/dev/null | head -n 1)
if [ -n "$archive" ] && command -v nm >/dev/null 2>&1; then
    nm -u "$archive" 2>/dev/null | grep -wE 'exit|_exit|_Exit|abort|__assert_fail' &&
        complain "$archive refers to these: library code never ends a program"
    nm -g --defined-only "$archive" 2>/dev/null | awk 'NF == 3 && $3 !~ /^_?ml[ki]?_/ && $3 !~ /^_?__/ { print $3; n++ } END { exit !n }' &&
        complain "$archive defines these names: all begin with ml_, mlk_ or mli_"
fi

# No path of one machine in what others read and build.
for path in lib include examples lab tests docs cmake scripts benchmarks *.md *.sh *.txt *.json; do
    [ -e "$path" ] || continue
    grep -rnIE '(^|[^A-Za-z0-9_.$}])/(work|root|home/[a-z]+|Users/[A-Za-z]+)/' "$path" --include='*' --exclude=arch.sh &&
        complain "$path: holds the path of one machine"
done

[ $bad = 0 ] && echo "$(ls lib/*/*.[ch] | wc -l) files in $(ls -d lib/*/ | wc -l) rooms: arrows, lengths, manners and names are as they should be"
exit $bad
