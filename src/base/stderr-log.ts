// The log of `topspin/auto`, whose application has not chosen one: warnings and errors on standard error.

import { inspect } from 'node:util'
import type { Logger } from './log.ts'

const quiet = (): void => {}
const line = (detail: object, message: string): void => {
  const text = inspect(detail, { breakLength: Number.POSITIVE_INFINITY, depth: 2 })
  process.stderr.write(`topspin: ${message} ${text}\n`)
}

export const stderrLog: Logger = { debug: quiet, info: quiet, warn: line, error: line }
