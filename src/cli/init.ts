// `topspin init`: writes a first configuration file, from flags and, in a terminal, from three questions.

import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fchmodSync, openSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { defaultAddresses } from '../base/host-port.ts'
import { readConfig } from '../config/config.ts'
import { type FirstFile, firstFile } from '../config/first-file.ts'
import { problemsText } from '../config/problem.ts'
import { isLoopback } from '../net/address.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { printError } from './output.ts'

export interface InitFlags {
  readonly listen?: string
  readonly control?: string
  /** With commas. */
  readonly to?: string
  readonly force?: boolean
}

const schema = fileURLToPath(new URL('../../../contrib/topspin.schema.json', import.meta.url))
const { clients, nodes } = defaultAddresses

/** What it writes passes `topspin check`. */
export async function init(file: string, flags: InitFlags): Promise<number> {
  if (existsSync(file) && !flags.force)
    throw new CommandFailure(`${file} is there already; --force replaces it, another name keeps it`)
  const answers = process.stdin.isTTY && process.stdout.isTTY ? await asked(flags) : flags
  const control = answers.control ?? nodes
  const secret = isAtHome(control) ? '' : randomBytes(18).toString('base64url')
  const to = (answers.to ?? '').split(',').flatMap((entry) => entry.trim() || [])
  const text = firstFile({ listen: answers.listen ?? clients, control, to, secret, schema })
  const result = readConfig({ file: { name: file, text }, environment: {}, flags: [] })
  if (!result.ok) {
    printError(problemsText(result.problems))
    return exitCodes.usage
  }
  write(file, text, secret)
  return exitCodes.ok
}

/** Each question shows the answer that Enter gives. */
async function asked(flags: InitFlags): Promise<InitFlags> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const lines = terminal[Symbol.asyncIterator]()
  const ask = async (question: string, fallback: string): Promise<string> => {
    terminal.setPrompt(`${question} [${fallback}]: `)
    terminal.prompt()
    const { value, done } = await lines.next()
    if (done) throw new CommandFailure('\nno answer, so nothing was written')
    return value.trim() || fallback
  }
  try {
    const listen = flags.listen ?? (await ask('Address for clients', clients))
    const control = flags.control ?? (await ask('Address for nodes that register', nodes))
    const to = flags.to ?? (await ask('Servers that do not register, with commas', 'none'))
    return { listen, control, to: to === 'none' ? '' : to }
  } finally {
    terminal.close()
  }
}

/** Nobody else reaches it. */
function isAtHome(control: string): boolean {
  if (control.startsWith('unix:')) return true
  const host = control.replace(/^https:\/\//, '').replace(/:\d+$/, '')
  return host === 'localhost' || /^\d+$/.test(host) || isLoopback(host.replace(/^\[|\]$/g, ''))
}

/** Readable for its owner alone when it has a secret. */
function write(file: string, text: string, secret: FirstFile['secret']): void {
  const mode = secret === '' ? 0o644 : 0o600
  try {
    const fd = openSync(file, 'w', mode)
    // A file that was there has its own mode, and is not to show the secret for a moment.
    if (secret !== '') fchmodSync(fd, mode)
    writeFileSync(fd, text)
    closeSync(fd)
  } catch (error) {
    throw new CommandFailure(`${file} cannot be written: ${(error as Error).message}`)
  }
  process.stdout.write(`${file} written. Next: topspin serve --config ${file}\n`)
  if (secret !== '')
    process.stdout.write(`Nodes and commands need its control.secret, as TOPSPIN_SECRET.\n`)
}
