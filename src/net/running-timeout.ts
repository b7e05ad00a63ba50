// A timeout that counts only the time in which this process runs. After a suspension (SIGSTOP, a sleeping machine)
// the process first reads the bytes that have arrived, instead of treating every remote side as silent.

/** The wait is split into pieces of this length, ms; a suspension ends at most one of them. */
const pieceMs = 250

/** Calls `call` after `ms`; returns a function that cancels it. */
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
  // After the last piece the sockets are read once more.
  let last: NodeJS.Immediate | undefined
  wait()
  return () => {
    clearTimeout(timer)
    clearImmediate(last)
  }
}
