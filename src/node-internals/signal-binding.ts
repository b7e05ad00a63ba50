// Makes the signals of a process pass through a `process.emit` that was replaced (intercept-events.ts). Used by
// host/signals.ts.
//
// Relies on Node.js binding `process.emit` to a signal when the signal gets its first listener, and letting go of it
// with the last one.

import { interceptEvents } from './intercept-events.ts'

/**
 * Binds the signal anew, to the present `process.emit`; the listeners stay in order. A signal that has arrived and has not
 * been emitted yet is lost: to be called right after the event loop has read what arrived.
 */
export function rebindSignal(signal: NodeJS.Signals): void {
  const listeners = process.rawListeners(signal) as NodeJS.SignalsListener[]
  process.removeAllListeners(signal)
  for (const listener of listeners) process.on(signal, listener)
}

/** Tries it with SIGWINCH, which does nothing by default; not on Windows. */
export async function probeSignalBinding(): Promise<boolean> {
  const ignore = (): void => {}
  process.on('SIGWINCH', ignore)
  let isSeen = false
  const { end } = interceptEvents(process, (event) => {
    isSeen ||= event === 'SIGWINCH'
    return false
  })
  rebindSignal('SIGWINCH')
  process.kill(process.pid, 'SIGWINCH')
  for (let looks = 0; looks < 40 && !isSeen; looks++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  end()
  process.off('SIGWINCH', ignore)
  return isSeen
}
