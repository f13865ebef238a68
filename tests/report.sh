#!/bin/sh
# A report as a browser shows it, narrow and wide, light and dark: no error on its console, every picture there, nothing wider than the
# page. Wants Chromium; 77 without. Usage: tests/report.sh [PAGE.html ...]; without one, week04-mnist and week02-titanic make two, of which
# it is also known what must be on them. With MLCORE_REPORT=whole, as in the slow tier, two more: that of an mlp, so like the other net's
# that no browser opens it, and that of the study of Titanic.
set -u
source=${MLCORE_SOURCE:-$(cd "$(dirname "$0")/.." && pwd -P)}
build=${MLCORE_BUILD:-$source/build/check}
browser=
for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || browser=$(command -v $name || :)
done
[ -n "$browser" ] || { echo "chromium is not here"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

# make NAME PROGRAM [FLAG ...]
make() {
    name=$1 program=$2
    shift 2
    "$build/$program" --quiet --out "$work/$name" "$@" >/dev/null || fail "$program $*"
}

# holds NAME PICTURES DRAWINGS CAPTION ...: each figure's caption, so many pictures of pixels, and drawings where the programs for them are.
holds() {
    page=$work/$1/report.html pictures=$2 drawings=$3
    shift 3
    for caption in "$@"; do
        grep -qF -- ". $caption</figcaption>" "$page" || fail "$page lacks the figure '$caption'"
    done
    there=$(grep -o '<img ' "$page" | wc -l)
    [ "$there" -eq "$pictures" ] || fail "$page has $there pictures, not $pictures"
    command -v gnuplot >/dev/null && command -v dot >/dev/null || return 0
    grep 'class="missing"' "$page" && fail "$page lacks a drawing, and says so above"
    there=$(grep -o '<svg role="img"' "$page" | wc -l)
    [ "$there" -eq "$drawings" ] || fail "$page has $there drawings, not $drawings"
}

# A table whose names are long, and steer a shell, a browser, or a drawing; its classes too.
hostile() {
    awk 'BEGIN {
        for (long = "w"; length(long) < 300;) long = long long
        print "\"</style></svg><script>alert(1)</script>\",\"`touch pwned` {/Bold x}_2^3\"," long ",\"a \"\"quoted\"\" & \047single\047 one\",answer"
        for (i = 0; i < 150; i++) {
            x = (i * 37) % 101; y = (i * 59) % 97
            print x "," (i % 17 ? y : "") "," x * y "," (i % 2 ? "<img src=x onerror=alert(2)>" : long) "," (x + y > 97 ? long : "</td><b>no")
        }
    }' >"$work/hostile.csv"
}

if [ $# -eq 0 ]; then
    for name in week04-mnist week02-titanic; do
        [ -x "$build/$name" ] || { echo "$build/$name is not built"; exit 77; }
    done
    whole=
    [ "${MLCORE_REPORT:-}" != whole ] || whole=yes
    hostile
    [ -z $whole ] || make mlp week04-mnist --data "$source/data/mnist" --model mlp --hidden 32 --samples 2000 --epochs 3
    [ -z $whole ] || make study week02-titanic --data "$source/data/titanic"
    make cnn week04-mnist --data "$source/data/mnist" --model lenet --samples 300 --epochs 2
    make hostile week02-titanic --data "$work/hostile.csv" --target answer
    loss='Mean loss of each tenth of an epoch on the training set'
    confusion='Confusion matrix: how many of each class were taken for which, coloured by their share of the row'
    worst='What the net was surest of, and wrong: its answer, the truth, and how sure it was'
    [ -z $whole ] || holds mlp 56 2 "$loss" "$confusion" "$worst" "What units of the first layer look for: weights above zero blue, below orange"
    holds cnn 30 2 "$loss" "$confusion" "$worst" "Filters of the first layer: weights above zero blue, below orange"
    [ -z $whole ] || holds study 0 7 "Share that survived, by class and sex" "Ages of those who survived and of those who did not" "Pearson&#39;s correlation" \
        "Who was taken for what" "How many are found for how many false alarms; how true its probabilities are" \
        "What the model needs to know" "A small tree"
    holds hostile 0 6 "What values there are" "Pearson&#39;s correlation" "Who was taken for what" \
        "How many are found for how many false alarms; how true its probabilities are" "What the model needs to know"
    set -- "$work/cnn/report.html" ${whole:+"$work/study/report.html"} "$work/hostile/report.html"
fi

# What is asked of the page, in a copy whose policy lets a script run.
question='<script>
addEventListener("load", function () {
    var root = document.documentElement, found = [];
    if (root.scrollWidth > root.clientWidth) found.push("page is " + root.scrollWidth + " wide, of " + root.clientWidth);
    document.querySelectorAll("img").forEach(function (im, i) {
        if (!im.complete || !im.naturalWidth) found.push("picture " + i + " is missing");
    });
    document.querySelectorAll("main > *, figure svg, .pictures img, .facts div").forEach(function (e) {
        var box = e.getBoundingClientRect();
        if (box.right > root.clientWidth + 1 || box.left < -1)
            found.push(e.tagName + " reaches from " + box.left + " to " + box.right);
        if (!box.width || !box.height) found.push(e.tagName + " is empty");
    });
    document.querySelectorAll("[id]").forEach(function (e) {
        if (document.querySelectorAll("[id=\"" + e.id + "\"]").length > 1) found.push("id " + e.id + " comes twice");
    });
    document.querySelectorAll("use").forEach(function (e) {
        var to = e.getAttribute("xlink:href") || e.getAttribute("href");
        if (!document.getElementById(to.slice(1))) found.push(to + " is nowhere");
    });
    var dark = matchMedia("(prefers-color-scheme: dark)").matches;
    parent.postMessage("looked at " + root.clientWidth + (dark ? " dark: " : " light: ") + (found.join("; ") || "fine"), "*");
});
</script>'

# The page stands in a frame of the width that is asked for, since no window of Chromium's is narrower than 500 pixels. What it finds
# becomes the text of the page around.
frame() { # WIDTH
    cat <<EOF
<!DOCTYPE html><title>frame</title><body style="margin:0"><script>
addEventListener("message", function (m) {
    var answer = document.createElement("pre");
    answer.id = "answer";
    answer.textContent = m.data;
    document.body.appendChild(answer);
});
</script><iframe src="page.html" style="border:0;width:$1px;height:8000px"></iframe>
EOF
}

# look PAGE SCHEME: 0 dark, 1 light
look() {
    "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --enable-logging=stderr --log-level=0 --virtual-time-budget=5000 \
        --user-data-dir="$work/profile" --allow-file-access-from-files --blink-settings=preferredColorScheme="$2" --window-size=1500,900 \
        --dump-dom "file://$1" >"$work/dom" 2>"$work/log" </dev/null || { tail -n 5 "$work/log"; fail "the browser"; }
    if grep 'CONSOLE' "$work/log"; then fail "$1: the console has messages, above"; fi
}

for page in "$@"; do
    look "$(realpath "$page")" 1 # as it is, under its own policy
    printf '%s\n' "$question" >"$work/question"
    sed -e 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' -e "/^<\/main>/r $work/question" "$page" >"$work/page.html"
    for width in 400 1400; do
        frame $width >"$work/frame.html"
        for scheme in 0 1; do
            look "$work/frame.html" $scheme
            answer=$(sed -n 's/.*<pre id="answer">\(looked at .*\)<\/pre>.*/\1/p' "$work/dom")
            echo "$page: $answer"
            case $answer in
            "looked at $width "*': fine') ;;
            *) fail "$page at $width: ${answer:-it does not answer}" ;;
            esac
        done
    done
done
echo "$# page(s): fine at 400 and 1400 pixels, light and dark"
