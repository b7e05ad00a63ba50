// The thread that compares passwords with hashes, one for each process, started for the first password. What cannot be
// decided in time is not decided.

import { Worker } from 'node:worker_threads'
import { ruleLimits } from '../../base/limits.ts'

/** 'busy': there are too many, it took too long, or the thread has ended. */
export type LoginResult = 'good' | 'bad' | 'busy'

interface Waiting {
  readonly resolve: (result: LoginResult) => void
  readonly timer: NodeJS.Timeout
}

const workerFile = new URL('./password-worker.js', import.meta.url)
const waiting = new Map<number, Waiting>()
let thread: Worker | undefined
let lastId = 0

export function comparePassword(password: string, hash: string): Promise<LoginResult> {
  if (waiting.size >= ruleLimits.loginsMax) return Promise.resolve('busy')
  thread ??= startThread()
  const id = ++lastId
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(id, 'busy'), ruleLimits.loginMs)
    timer.unref()
    waiting.set(id, { resolve, timer })
    thread?.postMessage({ id, password, hash })
  })
}

function startThread(): Worker {
  const started = new Worker(workerFile)
  const ended = (): void => {
    if (thread !== started) return
    thread = undefined
    for (const id of [...waiting.keys()]) settle(id, 'busy')
  }
  started.on('message', ({ id, isRight }: { id: number; isRight: boolean }) =>
    settle(id, isRight ? 'good' : 'bad'),
  )
  started.on('error', ended)
  started.on('exit', ended)
  started.unref()
  return started
}

function settle(id: number, result: LoginResult): void {
  const one = waiting.get(id)
  if (one === undefined) return
  waiting.delete(id)
  clearTimeout(one.timer)
  one.resolve(result)
}
