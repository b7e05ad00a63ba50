// A logger that keeps what it is told, for tests about what is told.

import type { Logger } from '../../src/base/log.ts'

export interface MemoryLog extends Logger {
  /** All messages but the debug ones, oldest first. */
  readonly messages: string[]
  /** The details that went with them. */
  readonly details: object[]
}

export function memoryLog(): MemoryLog {
  const messages: string[] = []
  const details: object[] = []
  const keep = (detail: object, message: string): void => {
    messages.push(message)
    details.push(detail)
  }
  return { messages, details, debug: () => {}, info: keep, warn: keep, error: keep }
}
