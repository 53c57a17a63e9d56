#compdef dime
# Completion of functions and their fields for zsh, as `dime describe --completion zsh` prints it.
_dime() {
    local -a functions fields
    functions=({{#functions}}'{{name}}:{{{summary}}}' {{/functions}})
    if (( CURRENT == 2 )); then
        compadd list invoke event describe host lambda consume send watch help
    elif (( CURRENT == 3 )) && [[ $words[2] == (invoke|help|describe) ]]; then
        _describe function functions
        _files
    elif [[ $words[2] == invoke ]]; then
        case ${words[3]:t} in
{{#functions}}
        {{name}}) fields=({{#fields}}'{{name}}=' {{/fields}}) ;;
{{/functions}}
        esac
        compadd -S '' -a fields
        _files
    else
        _files
    fi
}
_dime "$@"
