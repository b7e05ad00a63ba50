// When the authority suggests to renew a certificate: ACME renewal information (ARI) [RFC 9773]. Asked for without an account.

import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:https'
import { acmeLimits } from '../../base/limits.ts'
import type { AcmeConfig } from '../../config/schema-acme.ts'
import { renewalId } from '../../net/renewal-id.ts'
import { patienceMs, type RenewalWindow } from './schedule.ts'

type Authority = Pick<AcmeConfig, 'directory' | 'caFile'>

interface RenewalInfo extends RenewalWindow {
  /** When to ask again, ms from now; 0: the authority does not say. */
  readonly retryAfterMs: number
}

/** Undefined: the authority has none for it. Rejects when it does not answer. */
export async function renewalInfo(
  cert: string,
  authority: Authority,
): Promise<RenewalInfo | undefined> {
  const id = renewalId(cert)
  if (id === undefined) return undefined
  const base = await renewalInfoUrl(authority)
  if (base === undefined) return undefined
  const { body, retryAfter } = await getJson(`${base.replace(/\/$/, '')}/${id}`, authority)
  const { start, end } = (body['suggestedWindow'] ?? {}) as { start?: unknown; end?: unknown }
  const [from, to] = [Date.parse(String(start)), Date.parse(String(end))]
  if (Number.isNaN(from) || Number.isNaN(to) || to < from) return undefined
  return { start: from, end: to, retryAfterMs: patienceMs(retryAfter, Date.now()) }
}

/** Where the authority gives renewal information; undefined: nowhere. */
export async function renewalInfoUrl(authority: Authority): Promise<string | undefined> {
  const { body } = await getJson(authority.directory, authority)
  const url = body['renewalInfo']
  return typeof url === 'string' && url.startsWith('https://') ? url : undefined
}

interface Answer {
  readonly body: Readonly<Record<string, unknown>>
  /** As in its header; '' when there is none. */
  readonly retryAfter: string
}

function getJson(url: string, { caFile }: Authority): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(acmeLimits.requestMs)
    const asked = get(url, { agent: agentFor(caFile), signal }, (response) => {
      const parts: Buffer[] = []
      let length = 0
      response.on('data', (part: Buffer) => {
        parts.push(part)
        length += part.length
        if (length > acmeLimits.answerBytesMax)
          response.destroy(new Error('the answer is too long'))
      })
      response.on('error', reject)
      response.on('end', () => {
        try {
          if (response.statusCode !== 200)
            throw new Error(`status ${response.statusCode} of ${url}`)
          const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
          if (typeof body !== 'object' || body === null) throw new Error(`no object at ${url}`)
          const retryAfter = response.headers['retry-after'] ?? ''
          resolve({ body: body as Answer['body'], retryAfter })
        } catch (error) {
          reject(error)
        }
      })
    })
    asked.on('error', reject)
  })
}

/** @param caFile the authorities that sign the certificate of the directory. */
export const agentFor = (caFile: string | undefined): Agent | undefined =>
  caFile === undefined ? undefined : new Agent({ ca: readFileSync(caFile) })
