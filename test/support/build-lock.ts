// A lock between test files, which run beside each other: what several of them need is built once.

import { mkdirSync, rmdirSync, statSync } from 'node:fs'
import { until } from './until.ts'

/**
 * Runs `build` while no other process runs one under this lock.
 * @param lock a folder that is there while it is held. @param deadlineMs after which its holder has died.
 */
export async function underLock<Result>(
  lock: string,
  deadlineMs: number,
  build: () => Result,
): Promise<Result> {
  await until('the lock of the build is free', () => acquire(lock, deadlineMs), deadlineMs)
  try {
    return build()
  } finally {
    rmdirSync(lock)
  }
}

function acquire(lock: string, deadlineMs: number): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > deadlineMs) rmdirSync(lock)
    return false
  }
}
