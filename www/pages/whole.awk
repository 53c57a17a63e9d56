# whole.awk - a page with its head, its menu and its foot, which are the same for all pages.
#
# usage: awk -v parts=FOLDER -v functions="NAME NAME..." [-v manual=yes] -f whole.awk PAGE
# A page says what its head needs in comments of Mustache, a line each: {{! title WORDS }}, description,
# script PATH, and at PATH, where it stands in the menu. Where it has {{> head}} and {{> foot}} the parts go.
# {{> manual}} is a part as well, where the manual is on the host. All other tags are left to those who fill the
# page. The menu has each function by its name.

/^{{! (title|description|script|at) .* }}$/ {
    said = $2
    words = substr($0, length("{{! " said " ") + 1)
    sub(/ }}$/, "", words)
    if (said == "title")
        title = "<title>" words "</title>\n"
    else if (said == "description")
        description = "<meta name=\"description\" content=\"" words "\">\n"
    else if (said == "script")
        scripts = scripts "<script src=\"" words "\" defer></script>\n"
    else
        at = words
    next
}
/^{{> (head|foot|manual)}}$/ {
    part = substr($2, 1, length($2) - 2)
    if (part != "manual" || manual)
        put(parts "/" part ".html")
    next
}
{ print }

function put(file, line) {
    while ((getline line < file) > 0) {
        if (line == "@title@")
            printf "%s", title
        else if (line == "@description@")
            printf "%s", description
        else if (line == "@scripts@")
            printf "%s", scripts
        else if (line == "@functions@")
            put_menu()
        else
            print marked(line)
    }
    close(file)
}

function put_menu(count, names, i) {
    count = split(functions, names, " ")
    for (i = 1; i <= count; i++)
        print marked("<li><a href=\"/" names[i] "\">" toupper(substr(names[i], 1, 1)) substr(names[i], 2) "</a></li>")
}

# The page that one is on is marked.
function marked(line) {
    if (at && index(line, "<a href=\"" at "\">"))
        sub("<a href=\"" at "\">", "<a href=\"" at "\" aria-current=\"page\">", line)
    return line
}
