// Still stage 1: requests that are never forwarded: challenges of ACME, requests that are redirected to HTTPS, MCMP messages,
// requests whose Max-Forwards is used up, and requests that this proxy has forwarded before.

import { text } from '../../wire/http/fields.ts'
import { BAD_TARGET, LOOP, problemOf } from '../../wire/http/problem.ts'
import type { RequestHead } from '../../wire/http/request-head.ts'
import { hasPassed } from '../../wire/http/via.ts'
import { methodOf } from '../../wire/mcmp/parse.ts'
import type { ExchangeClient } from '../exchange-client.ts'
import type { Refusal } from '../refusal.ts'
import { type HttpsRedirect, httpsLocation } from '../shared/https-redirect.ts'
import type { ProxySettings } from '../shared/settings.ts'

const lastHop: Refusal = { status: 200, code: 'MAX_FORWARDS', text: 'this proxy answers' }

/** MCMP is accepted on the control listener only (mcmp.md decision 1). */
const notHere: Refusal = {
  status: 501,
  code: 'MCMP_METHOD',
  text: 'nodes register at the control listener, not here',
}

const foldedName: Refusal = {
  status: 400,
  code: 'FIELD_FOLDED',
  text: 'a field name that some servers read as one of the fields that this proxy writes',
}

const challengePath = '/.well-known/acme-challenge/'

/** The response to HTTP-01 [RFC 8555 8.3], for the exact path of a token that is awaited. */
function challengeAnswer(
  { fields, targetFrom, targetTo }: RequestHead,
  challenges: Readonly<Record<string, string>>,
): Refusal | undefined {
  const target = text(fields.bytes, targetFrom, targetTo)
  if (!target.startsWith(challengePath)) return undefined
  const token = target.slice(challengePath.length)
  if (!Object.hasOwn(challenges, token)) return undefined
  return { status: 200, code: 'ACME_CHALLENGE', text: '', body: challenges[token] as string }
}

const noHost: Refusal = {
  status: 400,
  code: 'HTTPS_REQUIRED',
  text: 'only HTTPS is served here, and a request without Host cannot be redirected',
}

function redirectToHttps(head: RequestHead, redirect: HttpsRedirect): Refusal {
  const location = httpsLocation(head, redirect)
  if (location === undefined) return noHost
  return { status: redirect.status, code: 'HTTPS_REDIRECT', text: 'use HTTPS', location }
}

export function turnBack(
  head: RequestHead,
  {
    via,
    underscores,
    strictTarget,
    challenges,
  }: Pick<ProxySettings, 'via' | 'underscores' | 'strictTarget' | 'challenges'>,
  { httpsRedirect, forwarded }: Pick<ExchangeClient, 'httpsRedirect' | 'forwarded'>,
): Refusal | undefined {
  if (challenges !== undefined) {
    const answer = challengeAnswer(head, challenges)
    if (answer !== undefined) return answer
  }
  if (httpsRedirect !== undefined && !forwarded.isSecure(head.fields))
    return redirectToHttps(head, httpsRedirect)
  if (head.isRawTarget && strictTarget) return problemOf(BAD_TARGET)
  if (head.hasFolded && underscores === 'reject') return foldedName
  if (!head.isCommon && methodOf(head.method) !== undefined) return notHere
  // Max-Forwards is for OPTIONS and TRACE [RFC 9110 7.6.2]; the parser refuses TRACE.
  if (head.maxForwards >= 0 && head.method === 'OPTIONS') {
    if (/^0+$/.test(head.fields.value(head.maxForwards))) return lastHop
  }
  return head.via >= 0 && hasPassed(head.fields, via) ? problemOf(LOOP) : undefined
}
