// The priority of an answer [RFC 9218 4]: urgency 0 (first) to 7, and whether its parts are useful one by one.

export interface Priority {
  readonly urgency: number
  readonly incremental: boolean
}

const urgencies = 8

const priorities: readonly (readonly [Priority, Priority])[] = Array.from(
  { length: urgencies },
  (_, urgency) => [
    { urgency, incremental: false },
    { urgency, incremental: true },
  ],
)

/** Of a request that says nothing: answers take turns, so that none has to wait for another to end. */
const defaultPriority: Priority = (priorities[3] as (typeof priorities)[number])[1]

const charactersMax = 256

/** The members that are understood; others are ignored, as are values out of range. @param value of a Priority field. */
export function parsePriority(value: string): Priority {
  if (value === '' || value.length > charactersMax) return defaultPriority
  let urgency = 3
  let incremental = false
  for (const member of value.split(',')) {
    const [item = ''] = member.split(';')
    const text = item.trim()
    if (/^u=[0-7]$/.test(text)) urgency = Number(text.slice(2))
    else if (text === 'i' || text === 'i=?1') incremental = true
    else if (text === 'i=?0') incremental = false
  }
  return (priorities[urgency] as (typeof priorities)[number])[incremental ? 1 : 0]
}
