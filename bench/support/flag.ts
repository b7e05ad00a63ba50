// The value of a flag, for benches with one or two of them.

/** @returns what stands behind the name on the command line; `undefined` where it is missing. */
export function flag(name: string): string | undefined {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}
