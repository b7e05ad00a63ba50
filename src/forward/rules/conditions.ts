// What a rule asks of a request beside host and path: scheme, method, header fields, query parameters, client address.

import { networkCheck } from '../../net/network-check.ts'
import type { Asked } from './asked.ts'
import { patternOf } from './pattern.ts'
import type { MatchSettings, ValueCondition } from './rule-settings.ts'

export type Condition = (asked: Asked) => boolean

/** @throws RangeError for an address or network that does not exist. */
export function conditionsOf(match: MatchSettings, setting: string): readonly Condition[] {
  const { scheme, methods, headers, query, clients } = match
  const conditions: Condition[] = []
  if (scheme !== undefined) conditions.push(({ isSecure }) => isSecure === (scheme === 'https'))
  if (methods.length > 0) {
    const known = new Set(methods)
    conditions.push(({ head }) => known.has(head.method))
  }
  for (const condition of headers) conditions.push(fieldCondition(condition))
  for (const condition of query) conditions.push(parameterCondition(condition))
  if (clients.length > 0) {
    const isListed = networkCheck(clients, setting)
    conditions.push(({ client }) => isListed(client))
  }
  return conditions
}

/** A field that is sent several times holds when one of its lines does. */
function fieldCondition({ name, value }: ValueCondition): Condition {
  const wanted = value === null ? undefined : patternOf(value)
  return ({ head: { fields } }) => {
    for (let f = 0; f < fields.count; f++) {
      if (fields.nameTo(f) - fields.nameFrom(f) !== name.length || fields.name(f) !== name) continue
      if (wanted === undefined) return false
      if (wanted(fields.value(f))) return true
    }
    return wanted === undefined
  }
}

function parameterCondition({ name, value }: ValueCondition): Condition {
  const wanted = value === null ? undefined : patternOf(value)
  return (asked) => {
    const values = asked.parameter(name)
    return wanted === undefined ? values.length === 0 : values.some(wanted)
  }
}
