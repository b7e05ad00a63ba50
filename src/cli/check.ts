// `topspin check FILE`: says all that is wrong with a configuration file, or that it is good.

import { loadConfig } from './config.ts'
import { exitCodes } from './exit-codes.ts'
import { tellProblems } from './tell-problems.ts'
import { readTls } from './tls-files.ts'

export function checkFile(file: string): number {
  const result = loadConfig(file, { environment: {}, flags: [] })
  const tls = result.ok ? readTls(result.config) : result
  if (!tls.ok) {
    tellProblems(tls.problems)
    return exitCodes.badConfiguration
  }
  process.stdout.write(`${file}: ok\n`)
  return exitCodes.ok
}
