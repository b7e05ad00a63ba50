// A timeout in time during which this process runs. One that was stopped in between (SIGSTOP, a suspended
// machine) first hears what has arrived meanwhile, rather than find that everybody has been silent.

/** Longest piece of the wait that counts at a time, ms. */
const pieceMs = 250

/** Calls `call` after `ms`; returns how to prevent it. Time in which the process was stopped does not count. */
export function runningTimeout(ms: number, call: () => void): () => void {
  let left = ms
  let timer: NodeJS.Timeout
  const wait = (): void => {
    const piece = Math.min(left, pieceMs)
    timer = setTimeout(() => {
      left -= piece
      if (left > 0) wait()
      else last = setImmediate(call)
    }, piece)
  }
  // Behind the last piece what lies in the sockets is read first.
  let last: NodeJS.Immediate | undefined
  wait()
  return () => {
    clearTimeout(timer)
    clearImmediate(last)
  }
}
