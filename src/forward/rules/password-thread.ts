// The thread that compares passwords with hashes, one for each process, started for the first password. It has one question
// at a time, so that questions that nobody waits for any more cost nothing. What cannot be decided in time is not decided.

import { Worker } from 'node:worker_threads'
import { ruleLimits } from '../../base/limits.ts'
import { moduleFile } from '../../base/module-file.ts'

/** 'busy': there are too many, it took too long, or the thread has ended. */
export type LoginResult = 'good' | 'bad' | 'busy'

interface Waiting {
  readonly id: number
  readonly password: string
  readonly hash: string
  readonly resolve: (result: LoginResult) => void
  readonly timer: NodeJS.Timeout
}

const workerFile = moduleFile('./password-worker.js', import.meta.url)
/** The oldest first; the thread may have the first one. */
const waiting = new Map<number, Waiting>()
let thread: Worker | undefined
/** What the thread is comparing, even if nobody waits for it any more; 0 for nothing. */
let asked = 0
let lastId = 0

/** @param waitMs how long it may take. */
export function comparePassword(
  password: string,
  hash: string,
  waitMs: number = ruleLimits.loginMs,
): Promise<LoginResult> {
  if (waiting.size >= ruleLimits.loginsMax) return Promise.resolve('busy')
  const id = ++lastId
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(id, 'busy'), waitMs)
    timer.unref()
    waiting.set(id, { id, password, hash, resolve, timer })
    askNext()
  })
}

function askNext(): void {
  const [next] = waiting.values()
  if (asked !== 0 || next === undefined) return
  thread ??= startThread()
  asked = next.id
  thread.postMessage({ id: next.id, password: next.password, hash: next.hash })
}

function startThread(): Worker {
  const started = new Worker(workerFile)
  const ended = (): void => {
    if (thread !== started) return
    thread = undefined
    asked = 0
    for (const id of [...waiting.keys()]) settle(id, 'busy')
  }
  started.on('message', ({ id, isRight }: { id: number; isRight: boolean }) => {
    asked = 0
    settle(id, isRight ? 'good' : 'bad')
    askNext()
  })
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
