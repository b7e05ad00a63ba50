// The demo's processes and their line to the demo: each tells when it is ready, and ends when the demo
// ends, however that comes about (the line breaks).

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process that is not ready after this time is broken, ms. */
const readyWithinMs = 20_000

/** A process that has not ended this long after SIGTERM is killed, ms. */
const endWithinMs = 15_000

export interface Child<Ready> {
  readonly ready: Ready
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>
  /** SIGTERM, so that it ends in order; resolves when it has ended. */
  stop(): Promise<void>
  kill(): void
}

/** A child that ended before it was ready. */
export class ChildFailed extends Error {
  readonly exitCode: number

  constructor(exitCode: number, said: string) {
    super(said)
    this.name = 'ChildFailed'
    this.exitCode = exitCode
  }
}

/** Starts `file` (beside this one) and waits until it says that it is ready. */
export async function startChild<Ready>(
  file: string,
  args: readonly string[],
): Promise<Child<Ready>> {
  // Away from the terminal's group: Ctrl-C reaches the demo, which ends its processes in order.
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = (): void => void child.kill('SIGKILL')
  try {
    const ready = await readiness<Ready>(child)
    return { ready, ended, kill, stop: () => stop(child, ended) }
  } catch (error) {
    kill()
    throw error
  }
}

/** In a child: what the demo waits for. */
export function tellParent(message: object): void {
  process.send?.(message)
}

/** In a child: ends with the demo. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit(1))
  // The line alone is no reason to go on.
  process.channel?.unref()
}

function readiness<Ready>(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000)
    })
    const deadline = setTimeout(
      () => reject(new ChildFailed(1, 'not ready in time')),
      readyWithinMs,
    )
    child.once('message', (message) => {
      clearTimeout(deadline)
      resolve(message as Ready)
    })
    child.once('close', (code) => {
      clearTimeout(deadline)
      reject(new ChildFailed(code ?? 1, said.trim()))
    })
  })
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const deadline = setTimeout(() => child.kill('SIGKILL'), endWithinMs)
  await ended
  clearTimeout(deadline)
}
