// The processes of the demo and their IPC channels: each child sends a message when it is ready, and ends when its
// channel closes, so that no child outlives the demo.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Deadline for a child to be ready, ms. */
const readyWithinMs = 20_000

/** Time from SIGTERM to SIGKILL, ms. */
const endWithinMs = 15_000

export interface Child<Ready> {
  /** The child's first message. */
  readonly ready: Ready
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  /** Sends SIGTERM; resolves when the process has ended. */
  stop(): Promise<void>
  kill(): void
}

/** A child ended before it was ready; the message is its output on standard error. */
export class ChildFailed extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string) {
    super(message)
    this.name = 'ChildFailed'
    this.exitCode = exitCode
  }
}

/** Starts `file` (in this folder) and waits until it is ready. */
export async function startChild<Ready>(
  file: string,
  args: readonly string[],
): Promise<Child<Ready>> {
  // In a process group of its own: Ctrl-C in a terminal reaches the demo alone, which ends its children in order.
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

/** In a child: sends the message that `startChild` waits for. */
export function notifyParent(message: object): void {
  process.send?.(message)
}

/** In a child: ends with the demo. */
export function endWithParent(): void {
  process.on('disconnect', () => process.exit(1))
  // The channel does not keep the process running.
  process.channel?.unref()
}

function readiness<Ready>(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let errors = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-2_000)
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
      reject(new ChildFailed(code ?? 1, errors.trim()))
    })
  })
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const deadline = setTimeout(() => child.kill('SIGKILL'), endWithinMs)
  await ended
  clearTimeout(deadline)
}
