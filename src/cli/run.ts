// Runs one command line and returns the exit code: 2 for a wrong command line, else that of the command. The message of a
// CommandFailure goes to standard error.

import { CommanderError } from 'commander'
import { CommandFailure, exitCodes } from './failure.ts'
import { printError } from './output.ts'
import { createProgram } from './program.ts'
import { tooFewFiles } from './too-few-files.ts'

export async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok
  const program = createProgram(async (command) => {
    exitCode = await command()
  })
  try {
    // -V is the former letter of -v.
    const line = args[0] === '-V' ? ['-v', ...args.slice(1)] : args
    await program.parseAsync(line, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommandFailure) {
      printError(`topspin: ${error.message}\n`)
      return error.exitCode
    }
    const problem = tooFewFiles(error)
    if (problem !== undefined) {
      printError(`topspin: ${problem}\n`)
      return exitCodes.failure
    }
    if (!(error instanceof CommanderError)) throw error
    // A help or a version that was asked for has 0.
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  }
}
