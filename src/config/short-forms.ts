// Sections that may be written as the value of one of their keys: `trust: 10.0.0.0/8` is `trust: { from: 10.0.0.0/8 }`.

/** The key that is meant, by section. */
export const shortForms: ReadonlyMap<string, string> = new Map([['trust', 'from']])

/** A tree of raw values with the short forms written out; anything else as it is. */
export function expandShortForms(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw
  return Object.fromEntries(
    Object.entries(raw).map(([section, value]) => {
      const key = shortForms.get(section)
      const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
      return key === undefined || isMap ? [section, value] : [section, { [key]: value }]
    }),
  )
}
