// `topspin check FILE`: says all that is wrong with a configuration file, or that it is good.

import { loadConfig } from './config.ts'
import { exitCodes } from './exit-codes.ts'
import { tellProblems } from './tell-problems.ts'

export function checkFile(file: string): number {
  const result = loadConfig(file, { environment: {}, flags: [] })
  if (!result.ok) {
    tellProblems(result.problems)
    return exitCodes.badConfiguration
  }
  process.stdout.write(`${file}: ok\n`)
  return exitCodes.ok
}
