# Completion of functions and their fields for fish, as `dime describe --completion fish` prints it.
complete -c dime -n __fish_use_subcommand -f -a 'list invoke event describe host lambda consume send watch help'
{{#functions}}
complete -c dime -n '__fish_seen_subcommand_from invoke help describe' -f -a {{name}} -d '{{{summary}}}'
{{#fields}}
complete -c dime -n '__fish_seen_subcommand_from {{function}}' -f -a '{{name}}='
{{/fields}}
{{/functions}}
