// The commands in a block of shell lines, as words: enough of the shell's grammar for what pages show.

/** Comments are left out, lines that end in a backslash joined, `$(topspin ...)` is a command of its own. */
export function commandsIn(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]]
  const inner = [...text.matchAll(/\$\((topspin [^()]*)\)/g)].flatMap(([, inside = '']) =>
    commandsIn(inside),
  )
  const word =
    /\\\n|(\n|&&|\|\|?|;)|(?:^|(?<=\s))#[^\n]*|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\[^\n]|[^\s;|'"\\])+)/g
  for (const [, separator, found] of text.matchAll(word)) {
    if (separator !== undefined) commands.push([])
    else if (found !== undefined) commands.at(-1)?.push(unquoted(found))
  }
  return [...commands.filter((words) => words.length > 0), ...inner]
}

const unquoted = (word: string): string =>
  word.replace(
    /'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g,
    (_, single?: string, double?: string, escaped?: string) => single ?? double ?? escaped ?? '',
  )
