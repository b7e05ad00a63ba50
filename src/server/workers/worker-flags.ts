// The command line of a traffic worker.

/**
 * What a worker leaves behind lives for one request or as long as a connection, so a small nursery costs nothing
 * measurable and saves 25 MB of each worker that has seen traffic. V8's default is 16.
 */
const semiSpaceMb = 4

/**
 * Flags of Node.js for a worker: those of this process, and a smaller nursery unless the user has said how large.
 * @param own `process.execArgv`
 * @param environment `NODE_OPTIONS`
 */
export function workerFlags(own: readonly string[], environment: string | undefined): string[] {
  const given = [...own, environment ?? ''].some((flag) => /semi[-_]space/.test(flag))
  return given ? [...own] : [...own, `--max-semi-space-size=${semiSpaceMb}`]
}
