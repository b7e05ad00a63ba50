// Makes the signals of a process pass through a `process.emit` that was replaced (intercept-events.ts). Used by
// host/signals.ts.
//
// Relies on Node.js binding `process.emit` to a signal when the signal gets its first listener, and letting go of it
// with the last one.

import { interceptEvents } from './intercept-events.ts'

/** Binds the signal anew, to the present `process.emit`; the listeners stay in order, behind `first`. */
export function rebindSignal(signal: NodeJS.Signals, first: NodeJS.SignalsListener): void {
  const listeners = process.rawListeners(signal) as NodeJS.SignalsListener[]
  process.removeAllListeners(signal)
  for (const listener of [first, ...listeners]) process.on(signal, listener)
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
  rebindSignal('SIGWINCH', ignore)
  process.kill(process.pid, 'SIGWINCH')
  await new Promise((resolve) => setTimeout(resolve, 50))
  end()
  process.off('SIGWINCH', ignore)
  process.off('SIGWINCH', ignore)
  return isSeen
}
