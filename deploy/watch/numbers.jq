# numbers.jq - the four numbers of a service, from its log: how many requests a second, how many of
# them failed, how long they took, and how busy the function was.
#
#     journalctl -q -u 'dime@*' -o cat --since -5min | jq -Rncf numbers.jq
#
# It reads both the functions' log and nginx's, skips lines that aren't a request's, and prints an object
# for each function. `busy` is the average number of requests at once: near the number of threads, the
# function is fully loaded.

def percentile($of_hundred): .[(length * $of_hundred / 100 | ceil) - 1];

# The function of a request. nginx logs the path; unknown paths aren't counted by their names.
def owner: .function // (
    if .status == 404 then null else .uri end | strings
    | capture("^/cgi-bin/(?<name>[a-z0-9-]+)(\\?|$)").name) // "pages";

def second: .timestamp[0:19] + "Z" | fromdateiso8601;

def thousandths: . * 1000 | round / 1000;

[inputs | fromjson? | objects | select((.status | numbers) and (.durationMs | numbers))
    | {host, owner: owner, status, durationMs, second: second}]
| group_by([.host, .owner])[]
| (map(.second) | max - min + 1) as $seconds
| (map(.durationMs) | sort) as $durations
| {
    host: .[0].host,
    function: .[0].owner,
    seconds: $seconds,
    requests: length,
    perSecond: (length / $seconds | thousandths),
    "4xx": map(select(.status >= 400 and .status < 500)) | length,
    "5xx": map(select(.status >= 500)) | length,
    p50Ms: ($durations | percentile(50)),
    p99Ms: ($durations | percentile(99)),
    busy: (($durations | add) / 1000 / $seconds | thousandths)
}
