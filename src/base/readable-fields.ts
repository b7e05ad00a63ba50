// The fields of a log line for people: ` route=a reason="connection refused"`. Used by the logs that write text.

import { printableJson } from './printable.ts'

/** Begins with a space unless there are no fields. Fields without a value are left out. */
export function readableFields(detail: object): string {
  const fields = Object.entries(detail).filter(([, value]) => value !== undefined)
  return printableJson(fields.map(([key, value]) => ` ${key}=${readableValue(value)}`).join(''))
}

function readableValue(value: unknown): string {
  if (typeof value === 'string')
    return /^[\w.:/@*[\]-]+$/.test(value) ? value : JSON.stringify(value)
  if (typeof value === 'object' && value !== null && 'message' in value)
    return JSON.stringify(value.message)
  return JSON.stringify(value)
}
