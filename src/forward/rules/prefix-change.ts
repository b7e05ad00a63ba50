// Prefixes that a rule takes off the path of a request and puts in front of it, and the way back: what a node says about its
// paths, in the paths that the client knows.

import { pathKey } from '../../cluster/context.ts'
import { text } from '../../wire/http/fields.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { MatchSettings, PrefixSettings } from './rule-settings.ts'
import { behindPrefix } from './target-prefix.ts'

/** What was done to the path of one request. */
export interface PrefixChange {
  /** As `pathKey` returns them; '' for none. */
  readonly stripped: string
  readonly added: string
  /** Of the request, as the client sent it. */
  readonly authority: string
}

/**
 * The bytes of the head with another target.
 * @param end offset behind the head.
 * @returns `undefined` where the target does not begin with the prefix as it stands in the rule.
 */
export function changePrefix(
  head: RequestHead,
  end: number,
  { strip, add }: PrefixSettings,
  { paths }: Pick<MatchSettings, 'paths'>,
): { readonly bytes: Buffer; readonly change: PrefixChange } | undefined {
  const { fields, methodFrom, targetFrom, targetTo, hostFrom, hostTo } = head
  const { bytes } = fields
  const prefixes = strip === true ? paths : strip === undefined ? [] : [strip]
  const behind = behindPrefix(bytes, targetFrom, targetTo, prefixes)
  if (behind < 0) return undefined
  const added = pathKey(add ?? '')
  const rest = text(bytes, behind, targetTo)
  const target = added + rest
  const rooted = target.startsWith('/') ? target : `/${target}`
  return {
    bytes: Buffer.concat([
      // With the authority of a target in absolute form, which outranks Host.
      bytes.subarray(methodFrom, targetFrom),
      Buffer.from(rooted, 'latin1'),
      bytes.subarray(targetTo, end),
    ]),
    change: {
      stripped: text(bytes, targetFrom, behind),
      added,
      authority: text(bytes, hostFrom, hostTo).toLowerCase(),
    },
  }
}

/**
 * A path of the node as the client has to ask for it. A path that the node has written with the prefix already, because it
 * reads X-Forwarded-Prefix, stays.
 */
export function clientPath(path: string, { stripped, added }: PrefixChange): string {
  if (stripped !== '' && isWithin(path, stripped)) return path
  const inner = added !== '' && isWithin(path, added) ? path.slice(added.length) : path
  if (stripped === '') return inner === '' ? '/' : inner
  return inner === '/' ? stripped : stripped + inner
}

/** @param path may have a query and a fragment. */
const isWithin = (path: string, key: string): boolean =>
  path.startsWith(key) && (path.length === key.length || /^[/?#]/.test(path.slice(key.length)))

/** Location or Content-Location: a path, or a URL of the host that the client has asked. @param nodes other names of the node. */
export function clientLocation(
  value: string,
  change: PrefixChange,
  nodes: readonly string[],
): string {
  if (value.startsWith('/') && !value.startsWith('//')) return clientPath(value, change)
  const scheme = /^(?:https?:)?\/\//i.exec(value)?.[0]
  if (scheme === undefined) return value
  const end = value.slice(scheme.length).search(/[/?#]/)
  const origin = end < 0 ? value : value.slice(0, scheme.length + end)
  const name = origin.slice(scheme.length).toLowerCase()
  if (name !== change.authority && !nodes.includes(name)) return value
  const rest = value.slice(origin.length)
  // A name of the node alone means nothing to the client.
  const shown = name === change.authority ? origin : ''
  return shown + clientPath(rest.startsWith('/') ? rest : `/${rest}`, change)
}

/** A value of Set-Cookie. */
export function clientCookie(value: string, change: PrefixChange): string {
  const [pair = '', ...attributes] = value.split(';')
  const changed = attributes.map((attribute) => {
    const equals = attribute.indexOf('=')
    const path = attribute.slice(equals + 1).trim()
    if (attribute.slice(0, equals).trim().toLowerCase() !== 'path' || !path.startsWith('/'))
      return attribute
    return ` Path=${clientPath(path, change)}`
  })
  return [pair, ...changed].join(';')
}
