// SIGTERM and SIGINT of a command that runs until it is told to stop: the first begins the orderly
// end, the second means now.

const stopping = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
type StopSignal = (typeof stopping)[number]

/**
 * One Ctrl-C can arrive twice, from the terminal and from npm: within this time it counts as one, ms.
 */
const echoMs = 500

export interface StopOptions {
  readonly signals?: readonly StopSignal[]
  begin(signal: StopSignal): void
  now(signal: StopSignal): void
}

/** Starts to listen; the returned function ends that. */
export function onStopSignals(options: StopOptions): () => void {
  let firstAt: number | undefined
  const handle = (signal: StopSignal): void => {
    const at = performance.now()
    if (firstAt === undefined) {
      firstAt = at
      options.begin(signal)
    } else if (at - firstAt > echoMs) {
      options.now(signal)
    }
  }
  const signals = options.signals ?? ['SIGTERM', 'SIGINT']
  for (const signal of signals) process.on(signal, handle)
  return () => {
    for (const signal of signals) process.off(signal, handle)
  }
}
