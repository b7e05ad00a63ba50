// Ends a command whose reader has gone, as `topspin nodes | head -1` does: nobody reads the rest. Node.js ignores SIGPIPE, so
// the write fails, which would otherwise end the process with a stack trace.

/** As a shell reports a program that SIGPIPE has ended. */
const endedBySigpipe = 128 + 13

/** They write to a log, whose reader may be started again. */
const services = ['serve', 'haproxy', 'agent', 'announce', 'peer']

/** Whether the command serves until it is stopped, and is not asked for its help alone. */
export function runsOn(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  return services.includes(own[0] ?? '') && !own.includes('--help') && !own.includes('-h')
}

/** For commands that print. */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit(endedBySigpipe)
    })
}
