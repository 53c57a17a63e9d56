# manual.awk - a page of the manual, as `mandoc -T html -O fragment` writes it, as a page of this host.
#
# usage: awk -v name="dime(1)" -v summary="run a function from the shell" -f manual.awk FRAGMENT
# The page has one heading of the first rank, its name, and those of mandoc below it. mandoc's own head and foot go.
BEGIN {
    print "{{! title " name " - dime }}"
    print "{{! description " name ": " summary ". }}"
    print "{{> head}}"
    print "<main id=\"main\" tabindex=\"-1\" class=\"manual\">"
    print "<h1>" name "</h1>"
}
/^<table class="(head|foot)">$/ { skipping = 1 }
!skipping {
    gsub(/<h2/, "<h3"); gsub(/<\/h2>/, "</h3>")
    gsub(/<h1/, "<h2"); gsub(/<\/h1>/, "</h2>")
    print
}
/^<\/table>$/ { skipping = 0 }
END {
    print "</main>"
    print "{{> foot}}"
}
