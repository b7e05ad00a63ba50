// Holds SIGTERM and SIGINT back until a node has left the cluster. The application's handlers must not run before
// that, because they close servers. All listeners of a signal run in one call, so the hold is in `process.emit`
// (node-internals/intercept-events.ts).

import { interceptEvents } from '../node-internals/intercept-events.ts'
import { rebindSignal } from '../node-internals/signal-binding.ts'

type Signal = 'SIGTERM' | 'SIGINT'

const numbers = { SIGINT: 2, SIGTERM: 15 } as const
const signals: readonly Signal[] = ['SIGTERM', 'SIGINT']

interface SignalOptions {
  /**
   * Called at the first signal; when it settles, the signal takes effect.
   * @param handled whether the application has a handler of its own.
   */
  leave(handled: boolean): Promise<void>
  /** Called at further signals. */
  hurry(): void
}

/** Returns a function that removes the hold. */
export function holdSignals(options: SignalOptions): () => void {
  const keep = (): void => {}
  let leaving = false

  const release = (): void => {
    interception.end()
    for (const signal of signals) process.off(signal, keep)
  }
  const handled = (signal: Signal): boolean =>
    process.listeners(signal).some((listener) => listener !== keep)
  const resume = (signal: Signal): void => {
    const own = handled(signal)
    release()
    if (own) interception.emit(signal, signal, numbers[signal])
    else endProcess(signal)
  }
  const interception = interceptEvents(process, (event) => {
    if (!isSignal(event)) return false
    if (leaving) {
      options.hurry()
      return true
    }
    leaving = true
    void options.leave(handled(event)).finally(() => resume(event))
    return true
  })
  for (const signal of signals) rebindSignal(signal, keep)
  return release
}

/** Ends this process as the signal would, also as the first process of a container, which has no default action. */
function endProcess(signal: Signal): void {
  process.kill(process.pid, signal)
  setTimeout(() => process.exit(128 + numbers[signal]), 200)
}

function isSignal(event: string | symbol): event is Signal {
  return event === 'SIGTERM' || event === 'SIGINT'
}
