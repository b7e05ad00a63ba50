// Sections that may be written as the value of one of their keys: `trust: 10.0.0.0/8` is `trust: { from: 10.0.0.0/8 }`, a
// map of `health` that is one health check is `health: { checks: [...] }`, and `sticky: { insert: off }` is
// `sticky: { insert: { when: off } }`.

/** The key that is meant, by section. */
export const shortForms: ReadonlyMap<string, string> = new Map([
  ['trust', 'from'],
  ['accessLog', 'to'],
  ['xds', 'listen'],
  ['health', 'checks'],
  ['sticky.insert', 'when'],
])

/** A tree of raw values with the short forms written out; anything else as it is. */
export const expandShortForms = (raw: unknown): unknown => expanded(raw, '')

/** @param above the sections around it, each with a dot behind. */
function expanded(raw: unknown, above: string): unknown {
  if (!isMap(raw)) return raw
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => {
      const section = above + name
      const key = shortForms.get(section)
      if (key !== undefined && !isMap(value)) return [name, { [key]: value }]
      return [name, section === 'health' ? withChecks(value) : expanded(value, `${section}.`)]
    }),
  )
}

/** The keys of a health check beside `listen` are one check, unless there are `checks`. */
function withChecks(health: unknown): unknown {
  if (!isMap(health)) return health
  const { listen, ...check } = health
  if (Object.hasOwn(health, 'checks') || Object.keys(check).length === 0) return health
  return Object.hasOwn(health, 'listen') ? { listen, checks: [check] } : { checks: [check] }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
