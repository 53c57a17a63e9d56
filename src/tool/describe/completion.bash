# Completion of the fields of functions for bash, as `dime describe --completion bash` prints it: source
# it after dime's own.
_dime_fields()
{
    local word=${COMP_WORDS[COMP_CWORD]} fields=
    if [ "${COMP_WORDS[1]}" = invoke ] && [ "$COMP_CWORD" -gt 2 ]; then
        case ${COMP_WORDS[2]##*/} in
{{#functions}}
        {{name}}) fields="{{#fields}}{{name}}= {{/fields}}" ;;
{{/functions}}
        esac
        compopt -o nospace
        mapfile -t COMPREPLY < <(compgen -W "$fields" -- "$word")
    elif declare -F _dime >/dev/null; then
        _dime
    fi
}

complete -F _dime_fields dime
