#!/bin/sh
# callgrind.sh - how many instructions one request of `change` takes in CGI mode.
#
# usage: callgrind.sh [PROGRAM]        (default: $BUILDDIR/change)
#
# Instructions, unlike time, come out the same on a busy machine, so two versions compare to a
# fraction of a percent. A CGI process answers one request: its total has the dynamic linker's work
# in it, and what happens in main() and below is the request's own. Then the ten functions that take
# most. Exit status: 0; 2 when something can't be run; 77 without valgrind.
set -u

here=${SRCDIR:+$SRCDIR/tests/bench}
here=${here:-$(dirname "$0")}
program=${1:-${BUILDDIR:-$here/../..}/change}

command -v valgrind >/dev/null || {
    echo "skipped: not installed: valgrind" >&2
    exit 77
}
[ -x "$program" ] || {
    echo "failed: there is no $program: build first, or set BUILDDIR" >&2
    exit 2
}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/dime-callgrind.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# instructions NAME [OPTION]: runs one request, prints how many instructions were counted.
instructions() {
    name=$1
    shift
    env -i PATH="$PATH" GATEWAY_INTERFACE=CGI/1.1 SERVER_PROTOCOL=HTTP/1.1 REQUEST_METHOD=GET \
        SCRIPT_NAME=/cgi-bin/change QUERY_STRING=amount=1.89 SERVER_NAME=localhost SERVER_PORT=80 \
        valgrind --tool=callgrind --callgrind-out-file="$scratch/$name" \
        --log-file="$scratch/$name.log" "$@" "$program" \
        </dev/null >"$scratch/answer" 2>/dev/null || return 1
    grep -qF '{"res":[{"7":"quarters"},{"1":"dimes"},{"4":"pennies"}]}' "$scratch/answer" ||
        return 1
    sed -n 's/^\(summary\|totals\): \([0-9]*\).*/\2/p' "$scratch/$name" | tail -n 1
}

if ! total=$(instructions total) || ! request=$(instructions request --toggle-collect=main); then
    echo "failed: $program doesn't answer under valgrind" >&2
    exit 2
fi
printf '%10s instructions in the whole process\n' "$total"
printf '%10s instructions in main and below\n\n' "$request"
callgrind_annotate "$scratch/request" 2>/dev/null |
    awk '/^ *[0-9,]+ \(/ && !/PROGRAM TOTALS/ { print; if (++lines == 10) exit }'
