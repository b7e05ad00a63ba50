// The log of the program: lines of JSON by pino, or on a terminal readable lines.

import { type Logger as PinoLogger, pino } from 'pino'

/** Upper limit of lines kept while the disk is full, bytes; further lines are dropped. */
const keptBytesMax = 1_048_576

/** Writes to `output`. A log that cannot be written is reported once on standard error, and ends nothing. */
export function createLogger(
  level: string,
  output: NodeJS.WriteStream & { fd: number },
): PinoLogger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: levelByName },
  }
  const failed = reportOnce(output)
  output.on('error', failed)
  if (!output.isTTY) {
    const lines = pino.destination({ fd: output.fd, sync: true, maxLength: keptBytesMax })
    lines.on('error', failed)
    return pino(options, lines)
  }
  const colours = process.env['NO_COLOR'] === undefined || process.env['NO_COLOR'] === ''
  return pino(options, { write: (line: string) => void output.write(readableLine(line, colours)) })
}

/** `14:03:07 warn  node is down route=a reason="connection refused"` from a line of JSON. */
export function readableLine(json: string, colours: boolean): string {
  const { level, time, msg, ...detail } = JSON.parse(json) as Record<string, unknown>
  const clock = String(time).slice(11, 19)
  const word = String(level).padEnd(5)
  const rest = Object.entries(detail).map(([key, value]) => ` ${key}=${readableValue(value)}`)
  return `${clock} ${colours ? paint(word) : word} ${msg ?? ''}${rest.join('')}\n`
}

/** Reports the first failure on standard error, unless that is the failed output. */
function reportOnce(output: NodeJS.WriteStream): (error: Error) => void {
  let isReported = false
  return (error) => {
    if (isReported || output === process.stderr) return
    isReported = true
    process.stderr.once('error', () => {})
    process.stderr.write(`topspin: the log cannot be written: ${error.message}\n`)
  }
}

function levelByName(label: string): { level: string } {
  return { level: label }
}

function readableValue(value: unknown): string {
  if (typeof value === 'string')
    return /^[\w.:/@*[\]-]+$/.test(value) ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null && 'message' in value)
    return JSON.stringify(value.message)
  return JSON.stringify(value)
}

function paint(word: string): string {
  if (word.startsWith('error')) return `\x1b[31m${word}\x1b[0m`
  if (word.startsWith('warn')) return `\x1b[33m${word}\x1b[0m`
  return `\x1b[2m${word}\x1b[0m`
}
