// What a rule does to a request, in sentences for `topspin explain`.

import type { Coding } from '../../wire/http/accept-encoding.ts'
import type { PrefixChange } from './prefix-change.ts'
import type { Rule } from './rule.ts'
import type { FieldEditSettings } from './rule-settings.ts'

/**
 * One sentence for each action, in the order in which they happen.
 * @param coding that the client prefers of those that the rule has.
 */
export function describeRule(
  rule: Rule,
  prefixChange: PrefixChange | undefined,
  coding: Coding | undefined,
): readonly string[] {
  const { title, settings } = rule
  const { redirect, answer, balancer } = settings
  const { host, requestHeaders, responseHeaders } = settings
  const { allow = [], deny = [], rateLimit, auth, bodyMax, compress } = settings
  const { timeouts = {}, retries, errors = [] } = settings
  const did: string[] = []
  if (allow.length + deny.length > 0) did.push(`${title} looks at the address of the client`)
  if (rateLimit !== undefined)
    did.push(
      `${title} limits each client to ${rateLimit.requests} requests in ${rateLimit.perMs / 1_000} s`,
    )
  if (auth !== undefined) did.push(`${title} asks for a password`)
  if (bodyMax !== undefined) did.push(`${title} allows bodies of ${bodyMax} bytes`)
  if (redirect !== undefined) did.push(`${title} redirects with ${redirect.status}`)
  if (answer !== undefined) did.push(`${title} answers ${answer.status}`)
  if (balancer !== undefined) did.push(`${title} names the balancer ${balancer}`)
  if (prefixChange !== undefined) {
    const { stripped, added } = prefixChange
    if (stripped !== '') did.push(`${title} stripped ${stripped}`)
    if (added !== '') did.push(`${title} put ${added} in front of the path`)
  }
  if (host !== undefined) did.push(`${title} sends Host: ${host}`)
  for (const [edits, message] of [
    [requestHeaders, 'request'],
    [responseHeaders, 'response'],
  ] as const)
    did.push(...editsOf(edits).map((edit) => `${title} ${edit} of the ${message}`))
  for (const [phase, ms] of Object.entries(timeouts))
    if (ms !== undefined) did.push(`${title} sets timeouts.${phase} to ${ms / 1_000} s`)
  if (retries !== undefined)
    did.push(`${title} allows ${retries} ${retries === 1 ? 'retry' : 'retries'}`)
  if (errors.length > 0) did.push(`${title} has error pages`)
  if (compress !== undefined)
    did.push(
      coding === undefined
        ? `${title} compresses responses, for clients that accept ${compress.codings.join(' or ')}`
        : `${title} compresses the response by ${coding} if its type is compressible and it has at least ${compress.minBytes} bytes`,
    )
  return did.length === 0 ? [`${title} applies`] : did
}

/** As `sets the fields X-A and X-B`; values may be secrets, so they are not told. */
function editsOf(edits: FieldEditSettings | undefined): readonly string[] {
  if (edits === undefined) return []
  const { set, add, remove } = edits
  const verbs = [
    ['sets', set.map(([name]) => name)],
    ['adds', add.map(([name]) => name)],
    ['removes', remove],
  ] as const
  return verbs
    .filter(([, names]) => names.length > 0)
    .map(
      ([verb, names]) =>
        `${verb} ${names.length === 1 ? 'the field' : 'the fields'} ${names.join(', ')}`,
    )
}
