// CPU time of this process, for tests of the cost of pure code: other work on the machine does not count.

/** Milliseconds of user and system time that `run` takes. */
export function cpuMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
