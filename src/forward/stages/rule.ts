// Stage 2: the first rule of the configuration that the request meets, and what it does to it: an answer without a node, or
// the balancer that match looks in. Paths are read as match reads them.

import { text } from '../../wire/http/fields.ts'
import { hostKey } from '../../wire/http/host.ts'
import { plainPath, rawPath } from '../../wire/http/path.ts'
import { pathReadings } from '../../wire/http/path-readings.ts'
import { problemOf } from '../../wire/http/problem.ts'
import type { ExchangeState, RequestState } from '../exchange-state.ts'
import {
  ambiguousPath,
  bodyLarge,
  loginNeeded,
  loginsBusy,
  noHost,
  ownFields,
  type Refusal,
  rateLimited,
  ruleDenied,
} from '../refusal.ts'
import { Asked } from '../rules/asked.ts'
import { weakTagsIn } from '../rules/compression.ts'
import type { Logins } from '../rules/logins.ts'
import { redirectLocation } from '../rules/own-answers.ts'
import type { LoginResult } from '../rules/password-thread.ts'
import { changePrefix } from '../rules/prefix-change.ts'
import type { Rule } from '../rules/rule.ts'
import type { Rules } from '../rules/rules.ts'
import type { RuleValues } from '../rules/template.ts'

/** @returns the response of a rule that needs no node, or that readings of the path meet different rules. */
export function applyRules(
  { request, client, traffic }: Pick<ExchangeState, 'request' | 'client' | 'traffic'>,
  rules: Rules,
): Refusal | undefined {
  const asked = new Asked(request.head, client.forwarded)
  const ambiguous = findRule(request, rules, asked)
  const { rule: found } = request
  if (ambiguous !== undefined || found === undefined) return ambiguous
  // Whatever the answer is, fields of the rule may be in it.
  if (found.readsValues) request.ruleValues = valuesOf(request, asked)
  const refusal = denied(request, asked) ?? limited(request, asked, traffic.clock.now())
  return refusal ?? login(request, found) ?? announcedLarge(request) ?? applyRule(request, asked)
}

/** The response to an address that may not send the request. */
export function denied({ rule: found }: RequestState, asked: Asked): Refusal | undefined {
  return found?.isDenied?.(asked.client) === true ? ruleDenied : undefined
}

/** A body that is too large by its length alone; others are counted as they arrive. */
const announcedLarge = ({ rule: found, head }: RequestState): Refusal | undefined =>
  head.contentLength > (found?.settings.bodyMax ?? Number.POSITIVE_INFINITY) ? bodyLarge : undefined

function limited({ rule: found }: RequestState, asked: Asked, now: number): Refusal | undefined {
  const waitMs = found?.limit?.(asked, now) ?? 0
  if (waitMs === 0) return undefined
  return { ...rateLimited, lines: `${ownFields}Retry-After: ${Math.ceil(waitMs / 1_000)}\r\n` }
}

/** Checks the credentials; a check that takes time is awaited before anything is answered. */
function login(request: RequestState, { logins }: Rule): Refusal | undefined {
  if (logins === undefined) return undefined
  const result = logins.check(request.head.fields)
  if (typeof result !== 'object') return loginRefusal(logins, result)
  request.login = result.then((found) => loginRefusal(logins, found))
  return undefined
}

/** The response to a client whose credentials are not good. */
function loginRefusal(logins: Logins, result: LoginResult): Refusal | undefined {
  if (result === 'good') return undefined
  if (result === 'busy') return loginsBusy
  const challenge = `WWW-Authenticate: Basic realm="${logins.realm}", charset="UTF-8"\r\n`
  return { ...loginNeeded, lines: ownFields + challenge }
}

/** What the rule does to the request. @returns its own answer. */
export function applyRule(request: RequestState, asked: Asked): Refusal | undefined {
  const { rule: found } = request
  if (found === undefined) return undefined
  request.coding = found.compression?.codingFor(request.head.fields)
  request.weakTags = found.compression === undefined ? '' : weakTagsIn(request.head.fields)
  return ownAnswer(request, asked) ?? changeTarget(request, found)
}

function valuesOf(
  { id, head: { method, fields, hostFrom, hostTo, targetFrom, targetTo } }: RequestState,
  { client, isSecure }: Asked,
): RuleValues {
  const { bytes } = fields
  return {
    host: hostKey(text(bytes, hostFrom, hostTo)),
    client,
    scheme: isSecure ? 'https' : 'http',
    method,
    path: rawPath(bytes, targetFrom, targetTo) || '/',
    requestId: id,
    route: '',
    node: '',
  }
}

/** From here on the request is as if it had been sent with the other path. */
function changeTarget(request: RequestState, { settings }: Rule): Refusal | undefined {
  const { head } = request
  const { prefix, match } = settings
  const isWhole =
    head.method === 'OPTIONS' && text(head.fields.bytes, head.targetFrom, head.targetTo) === '*'
  if (prefix === undefined || isWhole) return undefined
  const changed = changePrefix(head, request.end, prefix, match)
  if (changed === undefined) return ambiguousPath
  const { bytes, change } = changed
  const parsed = head.parse(bytes, 0, bytes.length)
  if (parsed < 0) return problemOf(parsed)
  request.prefixChange = change
  return undefined
}

/** Sets `request.rule`. @returns the response when readings of the path meet different rules: then none applies. */
export function findRule(request: RequestState, rules: Rules, asked: Asked): Refusal | undefined {
  const { head } = request
  const { bytes } = head.fields
  const host = rules.readsHosts ? hostKey(text(bytes, head.hostFrom, head.hostTo)) : ''
  const plain = rules.readsPaths ? plainPath(bytes, head.targetFrom, head.targetTo) : ''
  if (plain !== undefined) {
    request.rule = rules.find(plain === '*' ? '' : plain, host, asked)
    return undefined
  }
  const readings = pathReadings(rawPath(bytes, head.targetFrom, head.targetTo))
  if (readings === undefined) return ambiguousPath
  const [found, ...others] = readings.map((reading) => rules.find(reading, host, asked))
  if (!others.every((other) => other === found)) return ambiguousPath
  request.rule = found
  return undefined
}

/** The redirect or the fixed answer of the rule. */
function ownAnswer({ rule: found }: RequestState, asked: Asked): Refusal | undefined {
  if (found === undefined) return undefined
  if (found.answer !== undefined) return found.answer
  const { redirect, match } = found.settings
  if (redirect === undefined) return undefined
  const location = redirectLocation(redirect, match, asked)
  if (location === 'no host') return noHost
  if (location === 'ambiguous') return ambiguousPath
  return { status: redirect.status, code: 'RULE_REDIRECT', text: 'moved', location: location.url }
}
