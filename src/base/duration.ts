// Durations as people write them: one grammar for the configuration file, the environment and the flags.

const units: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** Node.js timers hold 31 bits of milliseconds. */
const longestMs = 2_147_483_647

/** `500ms`, `10s`, `1.5m`, `1h` or a number of milliseconds, as ms; undefined for anything else. */
export function parseDuration(value: string | number): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h)?$/.exec(String(value).trim())
  if (match === null) return undefined
  const ms = Math.round(Number(match[1]) * (units.get(match[2] ?? 'ms') ?? 1))
  return ms <= longestMs ? ms : undefined
}

/** Whole milliseconds in the largest unit that holds them without a fraction: 60000 is `1m`. */
export function formatDuration(ms: number): string {
  const [unit, size] = [...units].reverse().find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}
