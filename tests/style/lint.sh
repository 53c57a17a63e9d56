#!/bin/sh
# lint.sh - what static analysers say of src and of the examples, with nothing left unexplained.
# usage: lint.sh BUILDDIR SRCDIR
#
# gcc -fanalyzer, clang-tidy and cppcheck each read every file. What they find is a failure unless
# tests/style/explained says why it is right as it is. Each version of an analyser finds other things, so the
# explanations are for one, Debian 12's; another is skipped by name. clang-tidy gets one file at a time, since
# version 14 sees uninitialised va_lists in the later ones of several.
set -u
[ $# -eq 2 ] || { sed -n 's/^# //p' "$0" | head -n 2 >&2; exit 2; }
build=$(cd "$1" && pwd -P) && src=$(cd "$2" && pwd -P) || exit 2
explained=$src/tests/style/explained
passed=0 failed=0 skipped=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
[ -f "$build/config.h" ] || { echo "not ok - $build:0: isn't configured"; exit 2; }

cd "$src" || exit 2
flags="-std=gnu17 -D_GNU_SOURCE -DBINDIR=\"/usr/bin\" -DLIBEXECDIR=\"/usr/libexec\" -DPKGLIBDIR=\"/usr/lib/dime\" -DRUNSTATEDIR=\"/run\" -DSYSCONFDIR=\"/etc\" -I$build -Isrc $(pkg-config --cflags fcgi json-c libpng 2>/dev/null)"
jobs=$(nproc 2>/dev/null || echo 2)
find src docs -name '*.c' ! -path '*/tests/*' | sort >"$work/files"

# Each prints FILE:LINE: MESSAGE [CHECK], once for each place.
run_gcc() {
    # shellcheck disable=SC2086 # one word a flag
    xargs -P "$jobs" -n 1 gcc $flags -O2 -Wall -Wextra -fanalyzer -fdiagnostics-plain-output -c \
        -o /dev/null <"$work/files" 2>&1 |
        sed -n 's/^\(\(src\|docs\)[^:]*:[0-9]*\):[0-9]*: \(warning\|error\): \(.*\)$/\1: \4/p'
}

run_tidy() {
    # shellcheck disable=SC2086 # one word a flag
    xargs -P "$jobs" -I FILE clang-tidy --quiet FILE -- $flags <"$work/files" 2>/dev/null |
        sed -n "s,^$src/\(\(src\|docs\)[^:]*:[0-9]*\):[0-9]*: \(warning\|error\): \(.*\)\$,\1: \4,p"
}

run_cppcheck() {
    cppcheck --enable=warning,performance,portability --inline-suppr --error-exitcode=1 --quiet \
        --std=c11 --language=c -D_GNU_SOURCE -I"$build" -Isrc --file-list="$work/files" \
        --template='{file}:{line}: {message} [{id}]' --template-location='' 2>&1 |
        sed -n '/^[^ ]*:[0-9]*: /p'
}

# Tells the findings that are explained from those that aren't, by the lines of `explained`.
sift() {
    awk -v tool="$1" '
        FNR == NR {
            if ($1 == tool) {
                file[++count] = $2; check[count] = $3; line[count] = FNR
                gsub(/[.]/, "[.]", file[count]); gsub(/[*]/, "[^/]*", file[count])
            }
            next
        }
        {
            split($0, place, ":")
            explained = 0
            for (i = 1; i <= count; i++)
                if (place[1] ~ "^" file[i] "$" && index($0, "[" check[i] "]")) {
                    explained = 1; used[i] = 1
                }
            if (explained) known++; else { print "not ok - " $0; faults++ }
        }
        END {
            for (i = 1; i <= count; i++)
                if (!used[i]) {
                    print "not ok - tests/style/explained:" line[i] ": there is no such finding"
                    faults++
                }
            print known + 0, faults + 0 >"/dev/stderr"
        }' "$explained" -
}

lint() {
    tool=$1 program=$2 version=$3 sample=$4
    if ! command -v "$program" >/dev/null 2>&1; then
        echo "skip - $tool: $program isn't installed"
        skipped=$((skipped + 1))
        return
    fi
    found=$("$program" --version | sed -n 's/^[^0-9]*\([0-9.]*\).*/\1/p' | head -n 1)
    case $found. in
    "$version".*) ;;
    *)
        echo "skip - $tool: this is version $found, and its findings are explained for $version"
        skipped=$((skipped + 1))
        return
        ;;
    esac
    "run_$tool" | sort -u | sift "$tool" 2>"$work/counts"
    read -r known faults <"$work/counts"
    if ! finds_something "$tool" "$sample"; then
        echo "not ok - $tool: finds nothing in a file with a fault"
        faults=$((faults + 1))
    fi
    failed=$((failed + faults))
    if [ "$faults" -eq 0 ]; then
        echo "ok - $tool: $(wc -l <"$work/files") files, $known findings that are explained"
        passed=$((passed + 1))
    fi
}

# An analyser that a wrong option has made blind would find nothing anywhere: it's given a fault.
finds_something() {
    mkdir -p "$work/fault/src"
    printf '%s\n' "$2" >"$work/fault/src/fault.c"
    cp "$src/.clang-tidy" "$work/fault"
    (
        cd "$work/fault" && src=$work/fault && echo src/fault.c >"$work/fault/files" &&
            work=$work/fault && "run_$1" | grep -q '^src/fault\.c:'
    )
}

null='int fault(void);
int fault(void)
{
    int *nowhere = 0;
    return *nowhere;
}'
lint gcc gcc 12 "$null"
lint tidy clang-tidy 14 "$null"
lint cppcheck cppcheck 2.10 "$null"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
