// Parts of a value that was read from JSON of a foreign program: what is not there, or of another type, is absent.

export const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined

export const textAt = (value: unknown, key: string): string => {
  const found = at(value, key)
  return typeof found === 'string' ? found : ''
}

export const listAt = (value: unknown, key: string): readonly unknown[] => {
  const found = at(value, key)
  return Array.isArray(found) ? found : []
}
