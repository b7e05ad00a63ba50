// The signals to end that reached process 1 while Node.js itself was starting. Any other process ends at them; process 1
// of a container goes on, because the kernel ignores its default actions. Used by cli/early-signals.ts.
//
// Relies on Node.js handling SIGINT and SIGTERM from its first milliseconds on, by a handler that removes itself when it
// runs; Linux shows in /proc/self/status which signals have a handler.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

type EndSignal = 'SIGTERM' | 'SIGINT'

const numbers = { SIGINT: 2, SIGTERM: 15 } as const
const signals: readonly EndSignal[] = ['SIGTERM', 'SIGINT']

const handledLine = 'SigCgt:'

/** To be called before anything else listens for these signals. */
export function signalsDuringBoot(): readonly EndSignal[] {
  return process.pid === 1 ? withoutHandler(ownStatus()) : []
}

/** @param status text of /proc/self/status; nothing is read from another system's. */
export function withoutHandler(status: string): readonly EndSignal[] {
  const line = status.split('\n').find((each) => each.startsWith(handledLine))
  const mask = line?.slice(handledLine.length).trim() ?? ''
  if (!/^[\da-f]{1,64}$/.test(mask)) return []
  const handled = BigInt(`0x${mask}`)
  return signals.filter((signal) => ((handled >> BigInt(numbers[signal] - 1)) & 1n) === 0n)
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8')
  } catch {
    return ''
  }
}

/** Whether a process of this Node.js has both handlers from its start. */
export function probeSignalsDuringBoot(): boolean {
  const script = "process.stdout.write(require('node:fs').readFileSync('/proc/self/status'))"
  const { stdout } = spawnSync(process.execPath, ['--eval', script], { encoding: 'utf8' })
  return stdout.includes(handledLine) && withoutHandler(stdout).length === 0
}
