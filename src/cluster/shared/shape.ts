// Checks of values that come from another program as JSON. Pure.

export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `?`: or absent. */
type Shape = Readonly<Record<string, 'string' | 'string?' | 'number' | 'boolean' | 'boolean?'>>

/** Whether a value has the fields of a shape; others, of a later version, do not matter. */
export function hasShape(value: unknown, shape: Shape): boolean {
  if (!isPlainObject(value)) return false
  return Object.entries(shape).every(([name, type]) => {
    const given = value[name]
    if (given === undefined) return type.endsWith('?')
    return typeof given === (type.endsWith('?') ? type.slice(0, -1) : type)
  })
}
