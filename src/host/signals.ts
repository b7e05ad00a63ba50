// SIGTERM and SIGINT of a node: first out of the cluster, then whatever the signal would have done.
// Handlers of the application must not run before, for they close servers; since all listeners of a
// signal run in one go, the signal is held back in `process.emit`. The second signal is not.

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
  const emit = process.emit
  const keep = (): void => {}
  let leaving = false
  let passed = false

  const release = (): void => {
    if (process.emit === watch) process.emit = emit
    for (const signal of signals) process.off(signal, keep)
    passed = true
  }
  const handled = (signal: Signal): boolean =>
    process.listeners(signal).some((listener) => listener !== keep)
  const goOn = (signal: Signal): void => {
    const own = handled(signal)
    release()
    if (own) Reflect.apply(emit, process, [signal, signal, numbers[signal]])
    else endBy(signal)
  }
  const watch = function (this: NodeJS.Process, event: string, ...args: unknown[]): boolean {
    if (passed || !isSignal(event)) return Reflect.apply(emit, this, [event, ...args])
    if (leaving) {
      options.hurry()
      return true
    }
    leaving = true
    void options.leave(handled(event)).finally(() => goOn(event))
    return true
  } as NodeJS.Process['emit']

  process.emit = watch
  // Node.js looks at a signal from its first listener on, and takes hold of `process.emit` then: so the
  // application's listeners go off for a moment and come back behind ours.
  for (const signal of signals) {
    const own = process.rawListeners(signal) as NodeJS.SignalsListener[]
    process.removeAllListeners(signal)
    for (const listener of [keep, ...own]) process.on(signal, listener)
  }
  return release
}

/** Ends this process as the signal would; the first process of a container has no such default. */
function endBy(signal: Signal): void {
  process.kill(process.pid, signal)
  setTimeout(() => process.exit(128 + numbers[signal]), 200)
}

function isSignal(event: string): event is Signal {
  return event === 'SIGTERM' || event === 'SIGINT'
}
