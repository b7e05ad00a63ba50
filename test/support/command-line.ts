// What the command line of topspin says about words, without running a command.

import { nodeVariables } from '../../src/base/variable-names.ts'
import { createProgram } from '../../src/cli/program.ts'
import { configKeys } from '../../src/config/keys.ts'

/** The arguments of a command that runs topspin by its name, by a path, in a container or below sudo or npx. */
export function topspinArguments(words: readonly string[]): readonly string[] | undefined {
  const first = words.findIndex((word) => !/^(?:\w+=.*|sudo|npx|exec|eval)$/s.test(word))
  const isContainer = words[first] === 'docker' && words[first + 1] === 'run'
  const at = isContainer ? words.indexOf('topspin', first) : first
  return /(?:^|\/)topspin$/.test(words[at] ?? '') ? words.slice(at + 1) : undefined
}

/** Why the command line refuses these arguments; '' when it would run them. */
export async function refusalOf(words: readonly string[]): Promise<string> {
  let said = ''
  const output = {
    writeErr: (text: string) => {
      said += text
    },
    writeOut: () => {},
  }
  let isRun = false
  const program = createProgram(async () => {
    isRun = true
  }).configureOutput(output)
  for (const command of program.commands) command.configureOutput(output)
  try {
    await program.parseAsync(['node', 'topspin', ...words])
  } catch (error) {
    const { code } = error as { code?: string }
    isRun =
      code === 'commander.version' ||
      code === 'commander.helpDisplayed' ||
      code === 'commander.help'
    if (!isRun && said === '') said = String(error)
  }
  return isRun ? '' : said
}

/** @param name without TOPSPIN_. */
export function isKnownVariable(name: string): boolean {
  return (
    nodeVariables.has(name) || configKeys().some(({ variable }) => variable === `TOPSPIN_${name}`)
  )
}
