// What the access log, and operators who follow requests, do not get to see of a request. Pure.

import { isIP } from 'node:net'
import { groupsOf } from '../../base/ipv6-groups.ts'
import type { AccessLogConfig } from '../../config/schema-access-log.ts'
import type { AccessEntry } from '../../proxy/index.ts'

const mask = 'REDACTED'

/** @param fields the names of `AccessEntry.fields`. @returns undefined when an entry stays as it is. */
export function redaction(
  { redact, client }: Pick<AccessLogConfig, 'redact' | 'client'>,
  fields: readonly string[],
): ((entry: AccessEntry) => AccessEntry) | undefined {
  const hidden = fields.map((name) => redact.includes(name))
  const hidesAgent = redact.includes('user-agent')
  const hidesFields = hidden.includes(true)
  const inQuery = queryRedaction(redact)
  const ofAddress = addressForms[client]
  if (!hidesFields && !hidesAgent && inQuery === undefined && ofAddress === undefined)
    return undefined
  const referer = fields.indexOf('referer')
  const fieldOf = (value: string, index: number): string => {
    if (value !== '' && hidden[index] === true) return mask
    return index === referer && inQuery !== undefined ? inQuery(value) : value
  }
  return (entry) => ({
    ...entry,
    client: ofAddress === undefined ? entry.client : ofAddress(entry.client),
    remote: ofAddress === undefined ? entry.remote : ofAddress(entry.remote),
    target: inQuery === undefined ? entry.target : inQuery(entry.target),
    userAgent: hidesAgent && entry.userAgent !== '' ? mask : entry.userAgent,
    fields: entry.fields.map(fieldOf),
  })
}

/** Puts the mask in place of values of the query of a target or URL. */
function queryRedaction(redact: readonly string[]): ((target: string) => string) | undefined {
  const isWhole = redact.includes('query')
  const names = new Set(
    redact.filter((name) => name.startsWith('query.')).map((name) => name.slice(6)),
  )
  if (!isWhole && names.size === 0) return undefined
  const hide = (pair: string): string => {
    const at = pair.indexOf('=')
    // A query without names may be a secret as a whole.
    if (at < 0) return isWhole && pair !== '' ? mask : pair
    return isWhole || names.has(decoded(pair.slice(0, at))) ? `${pair.slice(0, at)}=${mask}` : pair
  }
  return (target) => {
    const at = target.indexOf('?')
    if (at < 0) return target
    return (
      target.slice(0, at + 1) +
      target
        .slice(at + 1)
        .split('&')
        .map(hide)
        .join('&')
    )
  }
}

/** As applications read the name of a parameter. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}

const addressForms: Readonly<
  Record<AccessLogConfig['client'], ((address: string) => string) | undefined>
> = { full: undefined, network: networkOf, off: () => '' }

/** /24 of IPv4, /48 of IPv6; of anything else, as of a unix socket, itself. */
function networkOf(address: string): string {
  if (isIP(address) === 4) return `${address.slice(0, address.lastIndexOf('.'))}.0`
  const groups = groupsOf(address)
  if (groups === undefined) return address
  return `${groups
    .slice(0, 3)
    .map((group) => group.toString(16))
    .join(':')}::`
}
