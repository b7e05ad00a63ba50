// The signals that stop a command that runs until it is stopped: the first one begins an orderly end, the second one
// ends it at once.

import { distinctSignals } from '../host/distinct-signals.ts'

type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGHUP'

interface StopHandlers {
  /** Default: SIGTERM, SIGINT, and SIGQUIT, by which nginx is drained. */
  readonly signals?: readonly StopSignal[]
  first(signal: StopSignal): void
  second(signal: StopSignal): void
}

/** Handles the signals until the returned function is called. */
export function onStopSignals({
  signals = ['SIGTERM', 'SIGINT', 'SIGQUIT'],
  first,
  second,
}: StopHandlers): () => void {
  const handle = distinctSignals(first, second)
  for (const signal of signals) process.on(signal, handle)
  return () => {
    for (const signal of signals) process.off(signal, handle)
  }
}

/** The same as promises, for a command that has to start first. */
export class StopSignals {
  readonly first: Promise<StopSignal>
  readonly second: Promise<StopSignal>
  readonly off: () => void

  constructor() {
    let [onFirst, onSecond] = [(_: StopSignal): void => {}, (_: StopSignal): void => {}]
    this.first = new Promise((resolve) => {
      onFirst = resolve
    })
    this.second = new Promise((resolve) => {
      onSecond = resolve
    })
    this.off = onStopSignals({ first: onFirst, second: onSecond })
  }
}
