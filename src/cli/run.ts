// Runs one command line and returns the exit code: 2 for a wrong command line, else that of the command.

import { CommanderError } from 'commander'
import { exitCodes } from './failure.ts'
import { createProgram } from './program.ts'

export async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok
  const program = createProgram(async (command) => {
    exitCode = await command()
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    const wasAsked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version'
    return wasAsked ? exitCodes.ok : exitCodes.usage
  }
}
