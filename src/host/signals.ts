// Holds SIGTERM, SIGINT and the other orders to end (end-orders.ts) back until a node has left the cluster. The
// application's handlers must not run before that, because they close servers. All listeners of an event run in one
// call, so the hold is in `process.emit` (node-internals/intercept-events.ts).

import { interceptEvents } from '../node-internals/intercept-events.ts'
import { rebindSignal } from '../node-internals/signal-binding.ts'
import { distinctSignals } from './distinct-signals.ts'
import { endOrderOf, listenForMessages } from './end-orders.ts'

type Signal = 'SIGTERM' | 'SIGINT'

const numbers = { SIGINT: 2, SIGTERM: 15 } as const
const signals: readonly Signal[] = ['SIGTERM', 'SIGINT']

/** Interval of a timer that keeps the process alive. */
const aliveMs = 1_000

interface SignalOptions {
  /**
   * Called at the first signal or order; when it settles, that takes effect.
   * @param handled whether the application has a handler of its own.
   */
  leave(handled: boolean): Promise<void>
  /** Called at further signals, but not for the echo of the first one. */
  hurry(): void
}

/** Returns a function that removes the hold. */
export function holdSignals(options: SignalOptions): () => void {
  const ignore = (): void => {}
  // Called only past the interception, for a signal that arrives before the signals are bound to it.
  const keep = (signal: NodeJS.Signals): void => {
    if (!isSignal(signal)) return
    reachedApplication = true
    onSignal(signal)
  }
  let reachedApplication = false
  let isLeaving = false
  let isReleased = false

  const release = (): void => {
    isReleased = true
    interception.end()
    for (const signal of signals) process.off(signal, keep)
    endListening()
  }
  const leave = (isHandled: () => boolean, resume: (isHandled: boolean) => void): void => {
    isLeaving = true
    // A process whose channel to its primary is gone may have nothing else to wait for.
    const alive = setInterval(() => {}, aliveMs)
    void options.leave(isHandled()).finally(() => {
      clearInterval(alive)
      const isHandledNow = isHandled()
      release()
      resume(isHandledNow)
    })
  }
  const onSignal = distinctSignals<Signal>(
    (signal) => {
      if (isLeaving) return
      const isHandled = (): boolean => process.listeners(signal).some((each) => each !== keep)
      leave(isHandled, (own) => {
        if (!own) endProcess(signal)
        else if (!reachedApplication) interception.emit(signal, signal, numbers[signal])
      })
    },
    () => options.hurry(),
  )
  const interception = interceptEvents(process, (event, first, second) => {
    if (isSignal(event)) {
      onSignal(event)
      return true
    }
    const order = endOrderOf(event, first)
    if (order === undefined || isLeaving) return order !== undefined
    leave(
      () => order.isHandled(ignore),
      (own) => {
        if (own) interception.emit(event, first, second)
        else process.exit(order.exitCode)
      },
    )
    return true
  })
  for (const signal of signals) process.prependListener(signal, keep)
  afterNextPoll(() => {
    if (!isReleased) for (const signal of signals) rebindSignal(signal)
  })
  const endListening = listenForMessages(ignore)
  return release
}

/** Runs it right after the event loop has read what arrived until then, signals included. */
function afterNextPoll(run: () => void): void {
  // The first one may run in this turn of the loop, without a poll before it.
  setImmediate(() => setImmediate(run))
}

/** Ends this process as the signal would, also as the first process of a container, which has no default action. */
function endProcess(signal: Signal): void {
  process.kill(process.pid, signal)
  setTimeout(() => process.exit(128 + numbers[signal]), 200)
}

function isSignal(event: string | symbol): event is Signal {
  return event === 'SIGTERM' || event === 'SIGINT'
}
