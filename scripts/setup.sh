# setup.sh -- finds what a build lacks, and installs it or says how. Sourced by quickstart.sh and test.sh, which set
#   me        their name, for messages
#   install   yes or no
# A tool is looked for by using it, not by the name of a package, so that any way of having it will do.

words= # what is missing, in words
apt= dnf= pacman= brew= # the same as packages
have_pkg_config() { command -v pkg-config >/dev/null 2>&1; }
have_module() { have_pkg_config && pkg-config --exists "$1"; }

# compiles 'source' flags...: whether a program can be built
compiles() {
    compiles_source=$1
    shift
    printf '%s\n' "$compiles_source" | ${CC:-cc} -x c - -o /dev/null "$@" >/dev/null 2>&1
}
have_cc() { compiles '#include <stdio.h>
int main(void) { return 0; }'; }
have_cmake() {
    command -v cmake >/dev/null 2>&1 || return 1
    cmake --version | awk 'NR == 1 { split($3, v, "."); exit !(v[1] > 3 || (v[1] == 3 && v[2] >= 20)) }'
}
have_make() { command -v ninja >/dev/null 2>&1 || command -v make >/dev/null 2>&1; }
have_blas() {
    have_module openblas || have_module blis && return 0
    for library in openblas blis cblas blas; do
        compiles '#include <cblas.h>
int main(void) { return (int)cblas_sdot(0, 0, 1, 0, 1); }' -l$library && return 0
    done
    return 1
}
have_cxx() { printf 'int main() { return 0; }\n' | ${CXX:-c++} -x c++ - -o /dev/null >/dev/null 2>&1; }

# lack 'words' apt dnf pacman brew: notes something missing; - where a system needs no package for it
lack() {
    words="$words${words:+, }$1"
    [ "$2" = - ] || apt="$apt $2"
    [ "$3" = - ] || dnf="$dnf $3"
    [ "$4" = - ] || pacman="$pacman $4"
    [ "$5" = - ] || brew="$brew $5"
}

# What the library and the examples need. OpenBLAS, libzip and gnuplot are last and apart: one can do without.
look_for_build() {
    if [ "$(uname -s)" = Darwin ] && command -v brew >/dev/null 2>&1; then
        # Homebrew keeps these out of the way of the system's own.
        PKG_CONFIG_PATH="$(brew --prefix)/opt/openblas/lib/pkgconfig:$(brew --prefix)/opt/zlib/lib/pkgconfig:$PKG_CONFIG_PATH"
        export PKG_CONFIG_PATH
    fi
    have_cc || lack "a C compiler" "gcc libc6-dev" gcc gcc gcc
    have_cmake || lack "CMake 3.20 or newer" cmake cmake cmake cmake
    have_make || lack "ninja or make" ninja-build ninja-build ninja ninja
    have_pkg_config || lack pkg-config pkg-config pkgconf-pkg-config pkgconf pkg-config
    have_module zlib || lack "the zlib headers" zlib1g-dev zlib-devel zlib zlib
    have_module jansson || lack "the jansson headers" libjansson-dev jansson-devel jansson jansson
    required=$words
    without= # what it means to do without
    have_blas || {
        lack OpenBLAS libopenblas-dev openblas-devel openblas openblas
        without="the library has its own matrix product only"
    }
    have_module libzip || {
        lack libzip libzip-dev libzip-devel libzip libzip
        without="$without${without:+, and }.npz files are not read"
    }
    command -v gnuplot >/dev/null 2>&1 || {
        lack gnuplot gnuplot-nox gnuplot gnuplot gnuplot
        without="$without${without:+, and }reports have no plots"
    }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
can_apt() {
    command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null 2>&1; }
}
apt_updated=no
apt_install() {
    if [ $apt_updated = no ]; then
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1 || return 1
        apt_updated=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >>"$log" 2>&1
}

how_to_install() {
    if command -v apt-get >/dev/null 2>&1; then
        echo "sudo apt-get install$apt"
    elif command -v dnf >/dev/null 2>&1; then
        echo "sudo dnf install$dnf"
    elif command -v pacman >/dev/null 2>&1; then
        echo "sudo pacman -S$pacman"
    elif command -v brew >/dev/null 2>&1; then
        echo "brew install$brew"
    else
        echo "(names as on Debian)$apt"
    fi
}

# Installs what was noted; exits with one sentence where that cannot be and something is really needed.
install_missing() {
    [ -n "$words" ] || return 0
    if [ $install = yes ] && can_apt; then
        echo "$me: installing$apt (missing: $words)"
        log=${TMPDIR:-/tmp}/mlcore-install.$$
        if ! apt_install $apt; then
            if [ -z "$required" ]; then
                echo "$me: apt-get failed ($(tail -n 1 "$log")), so $without"
                rm -f "$log"
                return 0
            fi
            tail -n 20 "$log" >&2
            echo "$me: apt-get failed, see above; what is missing: $words" >&2
            exit 1
        fi
        rm -f "$log"
        return 0
    fi
    if [ -n "$required" ]; then
        echo "$me: missing: $words. To install: $(how_to_install)" >&2
        exit 1
    fi
    echo "$me: missing: $words, so $without. To install: $(how_to_install)"
}

# The generator for a new build folder; what an old one was made with stays.
generator() {
    if [ -f "$1/CMakeCache.txt" ]; then
        sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$1/CMakeCache.txt"
    elif command -v ninja >/dev/null 2>&1; then
        echo Ninja
    else
        echo "Unix Makefiles"
    fi
}

# A build folder that was made for sources elsewhere (the clone was moved or copied) is of no use.
drop_if_moved() {
    [ -f "$1/CMakeCache.txt" ] || return 0
    [ "$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$1/CMakeCache.txt")" = "$root" ] || rm -rf "$1"
}

cpus() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }
