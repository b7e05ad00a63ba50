// Tells a second signal from the echo of the first one. Used by everything that ends in order at the first signal and at
// once at the second.

/** One Ctrl-C can arrive twice, from the terminal and from npm: within this time it counts as one, ms. */
const echoMs = 500

/** @returns a handler for all signals together, which calls `first` once and `second` for those that are no echo. */
export function distinctSignals<Signal>(
  first: (signal: Signal) => void,
  second: (signal: Signal) => void,
): (signal: Signal) => void {
  let firstAt: number | undefined
  return (signal) => {
    const at = performance.now()
    if (firstAt === undefined) {
      firstAt = at
      first(signal)
    } else if (at - firstAt > echoMs) {
      second(signal)
    }
  }
}
