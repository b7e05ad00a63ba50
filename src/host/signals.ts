// SIGTERM and SIGINT of a node: first out of the cluster, then whatever the signal would have done.
// Handlers of the application must not run before, for they close servers; since all listeners of a
// signal run in one go, the signal is held back in `process.emit`. The second signal is not.

import { interceptEvents } from '../node-internals/intercept-events.ts'
import { rebindSignal } from '../node-internals/signal-binding.ts'

type Signal = 'SIGTERM' | 'SIGINT'

const numbers = { SIGINT: 2, SIGTERM: 15 } as const
const signals: readonly Signal[] = ['SIGTERM', 'SIGINT']

export interface SignalOptions {
  /** The first signal; when it settles the signal goes on. `handled`: the application has a handler of its own. */
  leave(handled: boolean): Promise<void>
  /** The second signal: end it now. */
  hurry(): void
}

/** Returns a function that takes everything back. */
export function holdSignals(options: SignalOptions): () => void {
  const keep = (): void => {}
  let leaving = false

  const release = (): void => {
    interception.end()
    for (const signal of signals) process.off(signal, keep)
  }
  const handled = (signal: Signal): boolean =>
    process.listeners(signal).some((listener) => listener !== keep)
  const goOn = (signal: Signal): void => {
    const own = handled(signal)
    release()
    if (own) interception.emit(signal, signal, numbers[signal])
    else endBy(signal)
  }
  const interception = interceptEvents(process, (event) => {
    if (!isSignal(event)) return false
    if (leaving) {
      options.hurry()
      return true
    }
    leaving = true
    void options.leave(handled(event)).finally(() => goOn(event))
    return true
  })
  for (const signal of signals) rebindSignal(signal, keep)
  return release
}

/** Ends this process as the signal would; the first process of a container has no such default. */
function endBy(signal: Signal): void {
  process.kill(process.pid, signal)
  setTimeout(() => process.exit(128 + numbers[signal]), 200)
}

function isSignal(event: string | symbol): event is Signal {
  return event === 'SIGTERM' || event === 'SIGINT'
}
