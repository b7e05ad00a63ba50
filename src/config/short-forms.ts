// Sections that may be written as the value of one of their keys: `trust: 10.0.0.0/8` is `trust: { from: 10.0.0.0/8 }`, and
// a map of `health` that is one health check is `health: { checks: [...] }`.

/** The key that is meant, by section. */
export const shortForms: ReadonlyMap<string, string> = new Map([
  ['trust', 'from'],
  ['health', 'checks'],
])

/** A tree of raw values with the short forms written out; anything else as it is. */
export function expandShortForms(raw: unknown): unknown {
  if (!isMap(raw)) return raw
  return Object.fromEntries(
    Object.entries(raw).map(([section, value]) => {
      const key = shortForms.get(section)
      if (key === undefined) return [section, value]
      if (!isMap(value)) return [section, { [key]: value }]
      return [section, section === 'health' ? withChecks(value) : value]
    }),
  )
}

/** The keys of a health check beside `listen` are one check, unless there are `checks`. */
function withChecks(health: Readonly<Record<string, unknown>>): object {
  const { listen, ...check } = health
  if (Object.hasOwn(health, 'checks') || Object.keys(check).length === 0) return health
  return Object.hasOwn(health, 'listen') ? { listen, checks: [check] } : { checks: [check] }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
