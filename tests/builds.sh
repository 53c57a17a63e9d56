#!/bin/sh
# builds.sh - dime built in other ways, each with the tests that this way is for: clang with
# sanitizers, valgrind, static-pie, musl, and what `make distcheck` makes of the tarball.
# usage: builds.sh BUILDDIR SRCDIR WAY...
build=$(cd "$1" && pwd) && src=$(cd "$2" && pwd) || exit 2
shift 2
passed=0 failed=0 skipped=0

# Counts one step by its exit status, or adds up the counts that it closes with.
step() {
    name=$1
    shift
    log=$build/tests/logs/build-$name.log
    if "$@" >"$log" 2>&1; then status=0; else status=$?; fi
    counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 | tr -cd '0-9 ')
    # shellcheck disable=SC2086 # three numbers, to be split
    set -- $counts
    passed=$((passed + ${1:-0})) failed=$((failed + ${2:-0})) skipped=$((skipped + ${3:-0}))
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok - $name${counts:+: $1 passed, $2 failed, $3 skipped}"
    else
        failed=$((failed + 1))
        echo "not ok - $name"
        grep -E '^ *not ok|error:|ERROR' "$log" | head -n 20
        tail -n 30 "$log"
    fi
}

skip() {
    skipped=$((skipped + 1))
    echo "skip - $1: $2"
}

# configured NAME [FLAG...]: builds in a folder of its own
configured() {
    directory=$build/builds/$1
    shift
    mkdir -p "$directory" && cd "$directory" &&
        { [ -f config.status ] || "$src/configure" -q --enable-werror "$@"; } &&
        make -s -j2
}

sanitized() {
    configured sanitized CC=clang CFLAGS='-g -O1' --enable-sanitizers &&
        make -s -j2 check-programs &&
        "$src/tests/run" "$build/builds/sanitized" "$src" unit golden cgi responder lambda bad-input \
            json vision
}

under_valgrind() {
    # The suites whose work is with memory; each in one process, and with malloc left to valgrind.
    for suite in arena buffer text form template request response page reader decimal currency run cgi runtime \
        translate exif merge picture resize; do
        CK_FORK=no CK_RUN_SUITE=$suite valgrind -q --error-exitcode=9 --leak-check=full \
            --errors-for-leak-kinds=definite --soname-synonyms=somalloc=NONE \
            "$build/tests/unit/unit" || return 1
    done &&
        REQUEST_METHOD=GET QUERY_STRING=amount=1.89 HTTP_ACCEPT=text/html \
            valgrind -q --error-exitcode=9 --leak-check=full "$build/change"
}

static() {
    configured static --enable-static-cgi && make -s tests/hosts/probe && "$src/tests/run" "$build/builds/static" "$src" cgi
}

# The functions with musl: all that golden asks of CGI and of FastCGI, and how they are started. They have
# to be hard as well.
with_musl() {
    refuses_glibc || return
    configured musl --with-musl && make -s -j2 check-programs && is_hard change && is_a_library &&
        "$src/tests/run" "$build/builds/musl" "$src" cgi responder workers &&
        python3 -B "$src/tests/golden/run.py" "$build/builds/musl" "$src" --only cgi &&
        python3 -B "$src/tests/golden/run.py" "$build/builds/musl" "$src" --only fastcgi
}

# A compiler for glibc is refused with a sentence: its programs would be static in another way.
refuses_glibc() {
    folder=$build/builds/musl-by-gcc
    mkdir -p "$folder" && cd "$folder" || return
    ! "$src/configure" -q --with-musl CC=gcc >said 2>&1 && grep "needs a compiler for musl, which gcc isn't" said
}

# A static PIE whose relocations are read-only, and which needs no other file.
is_hard() {
    readelf -hldW "$1" >program.elf && ! grep -E 'INTERP|NEEDED|TEXTREL|GNU_STACK.*RWE' program.elf &&
        grep 'Type: *DYN' program.elf && grep GNU_RELRO program.elf && grep 'FLAGS_1.*NOW.*PIE' program.elf
}

# An author's program, without configure's flags.
is_a_library() {
    musl-gcc -static "$src/src/functions/hello.c" -I"$src/src" -I"$src" -L. -ldime -o own && REQUEST_METHOD=GET ./own | grep hello
}

# A picture gets a problem that says so.
answers_that_it_cannot() {
    picture=$src/www/samples/cat.jpg
    REQUEST_METHOD=POST CONTENT_TYPE=image/jpeg CONTENT_LENGTH=$(wc -c <"$picture") LABELS_ENGINE=local \
        "$1" <"$picture" | grep '^Status: 503'
}

# What is built and tested where pictures aren't looked at: all but that.
without_local_labels() {
    configured without-local-labels --without-local-labels && make -s tests/hosts/probe &&
        answers_that_it_cannot ./labels &&
        "$src/tests/run" "$build/builds/without-local-labels" "$src" cgi vision models
}

fuzz() {
    "$src/tests/fuzz/run" "$build" "$src"
}

# With the suites that depend on what the tarball holds and on a source that is read-only; all others
# have run on these very sources.
# The same tarball whenever it's made, and whatever the umask is then.
reproducible() {
    cd "$build" || return
    (umask 022 && make -s dist) && sum=$(sha256sum dime-*.tar.gz) && sleep 1.1 && rm dime-*.tar.gz &&
        (umask 077 && make -s dist) && echo "$sum" && echo "$sum" | sha256sum -c
}

distcheck() {
    suites='style unit golden command cgi responder nginx manual readme install hardening'
    cd "$build" && DIME_SUITES=$suites make -s distcheck
}

need() {
    command -v "$2" >/dev/null && return
    skip "$1" "$2 isn't installed"
    return 1
}

mkdir -p "$build/tests/logs"
for what; do
    case $what in
    sanitized) need "$what" clang && step "$what" sanitized ;;
    fuzz) need "$what" clang && step "$what" fuzz ;;
    valgrind) need "$what" valgrind && step "$what" under_valgrind ;;
    static) step "$what" static ;;
    musl) need "$what" musl-gcc && step "$what" with_musl ;;
    without-local-labels) step "$what" without_local_labels ;;
    distcheck)
        step "$what" distcheck
        step reproducible reproducible
        ;;
    *)
        echo "not ok - there is no way to build called $what"
        failed=$((failed + 1))
        ;;
    esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
