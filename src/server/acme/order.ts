// One order of a certificate, by HTTP-01. The package acme-client is loaded here, at the first order.

import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:https'
import { acmeLimits } from '../../base/limits.ts'
import type { AcmeConfig } from '../../config/schema-acme.ts'
import type { ServerCertificate } from '../../net/tls-options.ts'
import type { CertificateStore } from './certificate-store.ts'

/** Puts the answer to a challenge in force in all processes, or ends it. */
export interface Challenges {
  add(token: string, keyAuthorization: string): Promise<void>
  remove(token: string): Promise<void>
}

export class OrderError extends Error {
  /** The authority has not answered. */
  readonly isUnreachable: boolean
  /** What it has asked for, ms; 0: nothing. */
  readonly retryAfterMs: number

  constructor(cause: unknown, retryAfterMs: number) {
    const { message, code } = cause as NodeJS.ErrnoException
    // The library (5.4.0) reads the response that it has not got.
    const isSilent = cause instanceof TypeError
    super(isSilent ? 'the authority has not answered' : message || code || String(cause), { cause })
    this.isUnreachable = isSilent || code !== undefined
    this.retryAfterMs = retryAfterMs
  }
}

type Library = typeof import('acme-client')

let library: Promise<Library> | undefined

/** The last answer of the authority that asked for patience, ms. */
let askedMs = 0

/** Rejects with an OrderError. */
export async function orderCertificate(
  name: string,
  config: AcmeConfig,
  store: CertificateStore,
  challenges: Challenges,
): Promise<ServerCertificate> {
  askedMs = 0
  try {
    library ??= load()
    const acme = await library
    const agent = agentFor(config.caFile)
    await reach(config.directory, agent)
    acme.axios.defaults.httpsAgent = agent
    const { createPrivateEcdsaKey, createPrivateRsaKey, createCsr } = acme.crypto
    const accountKey = await store.accountKey(async () => String(await createPrivateEcdsaKey()))
    const key = await (config.keyType === 'rsa' ? createPrivateRsaKey() : createPrivateEcdsaKey())
    const [, csr] = await createCsr({ commonName: name, altNames: [name] }, key)
    const client = new acme.Client({ ...clientOptions(config), accountKey })
    await useAccount(client, config)
    const cert = await client.auto({
      csr,
      // This machine may be unable to reach itself by its public name.
      skipChallengeVerification: true,
      challengePriority: ['http-01'],
      challengeCreateFn: async (_, { type, token }, keyAuthorization) => {
        if (type !== 'http-01') throw new Error(`the authority offers no HTTP-01 for ${name}`)
        await challenges.add(token, keyAuthorization)
      },
      challengeRemoveFn: (_, { token }) => challenges.remove(token),
    })
    return { cert, key: String(key) }
  } catch (error) {
    throw new OrderError(error, askedMs)
  }
}

/** The library does not tell why the authority cannot be reached: rejects with the error of the system or of TLS. */
function reach(directory: string, agent: Agent | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(acmeLimits.requestMs)
    const asked = get(directory, { agent, signal }, (response) => {
      response.resume()
      resolve()
    })
    asked.on('error', reject)
  })
}

async function useAccount(
  client: InstanceType<Library['Client']>,
  { agreeTos, email }: AcmeConfig,
): Promise<void> {
  const contact = email === undefined ? {} : { contact: [`mailto:${email}`] }
  try {
    await client.createAccount({ termsOfServiceAgreed: agreeTos, ...contact })
  } catch (error) {
    // The library updates an account that is there, and authorities refuse an update that changes nothing.
    if (!hasAccount(client)) throw error
  }
}

function hasAccount(client: InstanceType<Library['Client']>): boolean {
  try {
    return client.getAccountUrl() !== ''
  } catch {
    return false
  }
}

async function load(): Promise<Library> {
  const acme = await import('acme-client')
  const { defaults, interceptors } = acme.axios
  defaults.timeout = acmeLimits.requestMs
  // Orders are repeated as a whole (schedule.ts).
  Object.assign(defaults, { acmeSettings: { retryMaxAttempts: 0, retryDefaultDelay: 1 } })
  interceptors.response.use((response) => {
    const header: unknown = response.headers['retry-after']
    if (response.status >= 429) askedMs = patienceOf(String(header ?? ''))
    return response
  })
  return acme
}

/** Retry-After in ms: seconds or a date [RFC 9110 10.2.3]. */
function patienceOf(header: string): number {
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000
  const at = Date.parse(header)
  return Number.isNaN(at) ? 0 : Math.max(0, at - Date.now())
}

function clientOptions({
  directory,
  eab,
}: AcmeConfig): Omit<ConstructorParameters<Library['Client']>[0], 'accountKey'> {
  const { backoffAttempts, backoffMinMs: backoffMin, backoffMaxMs: backoffMax } = acmeLimits.polling
  const { kid, hmacFile } = eab
  const options = { directoryUrl: directory, backoffAttempts, backoffMin, backoffMax }
  if (kid === undefined || hmacFile === undefined) return options
  const hmacKey = readFileSync(hmacFile, 'utf8').trim()
  return { ...options, externalAccountBinding: { kid, hmacKey } }
}

const agentFor = (caFile: string | undefined): Agent | undefined =>
  caFile === undefined ? undefined : new Agent({ ca: readFileSync(caFile) })
