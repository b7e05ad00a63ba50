// One order of a certificate, by HTTP-01 or TLS-ALPN-01. The package acme-client is loaded here, at the first order.

import { readFileSync } from 'node:fs'
import { type Agent, get } from 'node:https'
import { acmeLimits } from '../../base/limits.ts'
import type { AcmeConfig } from '../../config/schema-acme.ts'
import { renewalId } from '../../net/renewal-id.ts'
import type { ServerCertificate } from '../../net/tls-options.ts'
import type { CertificateStore } from './certificate-store.ts'
import type { ChallengeAnswer } from './challenges.ts'
import { agentFor, renewalInfoUrl } from './renewal-info.ts'
import { patienceMs } from './schedule.ts'

export type ChallengeType = Exclude<AcmeConfig['challenge'], 'auto'>

export interface OrderedCertificate {
  readonly name: string
  /** The challenges that can be answered, the preferred one first. */
  readonly challenges: readonly ChallengeType[]
  /** The certificate that it takes the place of [RFC 9773 5]. */
  readonly replaces?: string | undefined
  /** Puts the answer in force in all processes, and in those of proxies that share the storage. @returns ends it. */
  readonly answer: (answer: ChallengeAnswer) => Promise<() => Promise<void>>
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
  ordered: OrderedCertificate,
  config: AcmeConfig,
  store: CertificateStore,
): Promise<ServerCertificate> {
  const { name } = ordered
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
    const order = await client.createOrder({
      identifiers: [{ type: 'dns', value: name }],
      ...(await replacement(ordered, config)),
    })
    for (const authorization of await client.getAuthorizations(order))
      await validate(acme, client, authorization, ordered)
    const cert = await client.getCertificate(await client.finalizeOrder(order, csr))
    return { cert, key: String(key) }
  } catch (error) {
    throw new OrderError(error, askedMs)
  }
}

/** Only authorities with renewal information know it. */
async function replacement(
  { replaces }: OrderedCertificate,
  config: AcmeConfig,
): Promise<{ readonly replaces?: string }> {
  const id = replaces === undefined ? undefined : renewalId(replaces)
  if (id === undefined || (await renewalInfoUrl(config)) === undefined) return {}
  return { replaces: id }
}

type Client = InstanceType<Library['Client']>
type Authorization = Awaited<ReturnType<Client['getAuthorizations']>>[number]

async function validate(
  acme: Library,
  client: Client,
  authorization: Authorization,
  { name, challenges, answer }: OrderedCertificate,
): Promise<void> {
  if (authorization.status === 'valid') return
  const offered = challenges.map((type) => authorization.challenges.find((it) => it.type === type))
  const challenge = offered.find((it) => it !== undefined)
  if (challenge === undefined)
    throw new Error(`the authority offers no ${challenges.join(' and no ')} for ${name}`)
  const text = await client.getChallengeKeyAuthorization(challenge)
  const end = await answer(
    challenge.type === 'http-01'
      ? { type: 'http-01', token: challenge.token, text }
      : { type: 'tls-alpn-01', name, pair: await alpnPair(acme, authorization, text) },
  )
  try {
    await client.completeChallenge(challenge)
    await client.waitForValidStatus(challenge)
  } finally {
    await end()
  }
}

/** The certificate with the answer [RFC 8737 3]. */
async function alpnPair(
  { crypto }: Library,
  authorization: Authorization,
  text: string,
): Promise<ServerCertificate> {
  const made = await crypto.createPrivateEcdsaKey()
  const [key, cert] = await crypto.createAlpnCertificate(authorization, text, made)
  return { cert: String(cert), key: String(key) }
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

async function useAccount(client: Client, { agreeTos, email }: AcmeConfig): Promise<void> {
  const contact = email === undefined ? {} : { contact: [`mailto:${email}`] }
  try {
    await client.createAccount({ termsOfServiceAgreed: agreeTos, ...contact })
  } catch (error) {
    // The library updates an account that is there, and authorities refuse an update that changes nothing.
    if (!hasAccount(client)) throw error
  }
}

function hasAccount(client: Client): boolean {
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
    if (response.status >= 429) askedMs = patienceMs(String(header ?? ''), Date.now())
    return response
  })
  return acme
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
