// `topspin completion bash|zsh|fish`: a script that lets the shell complete commands and their options.

import type { Command } from 'commander'

export const shells: readonly string[] = ['bash', 'zsh', 'fish']

/** @param shell one of `shells`. */
export function completionScript(program: Command, shell: string): string {
  const commands = program.commands.map((command) => ({
    name: command.name(),
    description: command.description().replace(/['"`$\\]/g, ''),
    options: command.options
      .filter(({ hidden, long }) => !hidden && long !== undefined)
      .map(({ long }) => long as string),
  }))
  if (shell === 'fish') return fishScript(commands)
  return shell === 'zsh' ? zshScript(commands) : bashScript(commands)
}

interface Completed {
  readonly name: string
  readonly description: string
  readonly options: readonly string[]
}

function bashScript(commands: readonly Completed[]): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) words="${[...options, '--help'].join(' ')}" ;;`,
  )
  return `# eval "$(topspin completion bash)"
_topspin() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(' ')}"; fi
  case "$current" in
    -*|'') COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current")) ;;
  esac
}
complete -F _topspin topspin
`
}

function zshScript(commands: readonly Completed[]): string {
  const described = commands.map(({ name, description }) => `    '${name}:${description}'`)
  const cases = commands.map(
    ({ name, options }) => `    ${name}) compadd -- ${[...options, '--help'].join(' ')}; _files ;;`,
  )
  return `#compdef topspin
# eval "$(topspin completion zsh)"
_topspin() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  case "$words[2]" in
${cases.join('\n')}
  esac
}
compdef _topspin topspin
`
}

function fishScript(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c topspin -n __fish_use_subcommand -a ${name} -d '${description}'`,
    ...options.map(
      (option) =>
        `complete -c topspin -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
    ),
  ])
  return `# topspin completion fish | source\n${lines.join('\n')}\n`
}
