// The addresses to listen on in the configuration: a text, or a map of it and its options. Used by schema.ts.

import { z } from 'zod'
import { type Endpoint, parseSocketAddress } from '../base/host-port.ts'
import { isUnixAddress, socketPathMax } from '../base/unix-address.ts'
import { list, network, show, yesNo } from './schema-forms.ts'
import { httpsRedirect, type RedirectEntry } from './schema-https.ts'
import { addressTls, type ListenerTls } from './schema-tls.ts'

/** Where a listener listens, see net/listen-at.ts. */
export interface ListenEntry extends Endpoint {
  /** Permissions of the file of a unix socket. */
  readonly mode?: number | undefined
  /** Its user and group, by name or number. */
  readonly owner?: string | undefined
  readonly group?: string | undefined
  /** Addresses and networks of proxies in front, which send PROXY headers. */
  readonly proxyProtocol?: readonly string[] | undefined
  /** In place of the section `tls`. */
  readonly tlsFiles?: ListenerTls | undefined
  /** Whether clients may speak HTTP/2 here; absent: as the key `http2` says. */
  readonly http2?: boolean | undefined
  /** `null`: requests without TLS are served here; absent: as the key `httpsRedirect` says. */
  readonly httpsRedirect?: RedirectEntry | null | undefined
}

const what = 'an address; write HOST:PORT, for example 127.0.0.1:8000'

/** An address in any form that a listener accepts. */
const at: z.ZodType<Endpoint, unknown> = z.unknown().transform((input, context) => {
  const isText = typeof input === 'string' || typeof input === 'number'
  const found = isText ? (parsePassedSocket(input) ?? parseSocketAddress(input)) : undefined
  if (found !== undefined) return found
  const isPath = isText && String(input).includes('unix:')
  const form = `a unix socket; write unix:/PATH, absolute, without spaces and commas, of ${socketPathMax} bytes at most`
  context.addIssue({ code: 'custom', message: `${show(input)} is not ${isPath ? form : what}` })
  return z.NEVER
})

/** `fd:NAME` or `fd:NUMBER`: a socket that systemd passes, see server/inherited-sockets.ts. */
function parsePassedSocket(input: string | number): Endpoint | undefined {
  const [, scheme, host] =
    /^(?:(https?):\/\/)?(fd:[\x21-\x39\x3b-\x7e]{1,255})$/.exec(String(input).trim()) ?? []
  if (host === undefined) return undefined
  return { host, port: 0, ...(scheme === 'https' ? { tls: true as const } : {}) }
}

const modeForm = 'the permissions of a socket; write for example 660: its owner reads and writes'

/** Octal digits; a socket that its owner cannot write to is a number that YAML has read as octal already. */
const mode: z.ZodType<number, unknown> = z.unknown().transform((input, context) => {
  const digits = /^(?:0o?)?([67][0-7]{2})$/.exec(String(input))?.[1]
  if (digits !== undefined) return Number.parseInt(digits, 8)
  context.addIssue({ code: 'custom', message: `${show(input)} is not ${modeForm}` })
  return z.NEVER
})

const account = (kind: string): z.ZodType<string, unknown> =>
  z.unknown().transform((input, context) => {
    const name = String(input)
    if (/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(name)) return name
    context.addIssue({ code: 'custom', message: `${show(input)} is not the name of a ${kind}` })
    return z.NEVER
  })

const fileKeys = {
  mode: mode.optional(),
  owner: account('user').optional(),
  group: account('group').optional(),
}

const proxies = list(network, '', { form: '', description: '' }).refine(
  (entries) => entries.length > 0,
  { error: 'an empty list; write the addresses of the proxies in front, or unix' },
)

const wholeKeys = {
  at,
  ...fileKeys,
  proxyProtocol: proxies.optional(),
  tls: addressTls.optional(),
  http2: yesNo('').optional(),
  httpsRedirect: httpsRedirect.optional(),
}

type Whole = z.output<z.ZodObject<typeof wholeKeys>>

const entryOfMap: z.ZodType<ListenEntry, unknown> = z
  .strictObject(wholeKeys, {
    error: (issue) =>
      issue.code === 'invalid_type' ? `${show(issue.input)} is not an address` : undefined,
  })
  .superRefine((entry, context) => {
    const key = Object.keys(fileKeys).find((name) => entry[name as keyof Whole] !== undefined)
    if (key !== undefined && !isUnixAddress(entry.at.host))
      context.addIssue({ code: 'custom', path: [key], message: 'needs at: unix:/PATH' })
    const message = 'needs unix in its list: connections of a unix socket have no address'
    if (isUnixAddress(entry.at.host) && entry.proxyProtocol?.includes('unix') === false)
      context.addIssue({ code: 'custom', path: ['proxyProtocol'], message })
  })
  .transform(({ at: address, tls: tlsFiles, ...options }) => ({
    ...address,
    ...options,
    ...(tlsFiles === undefined ? {} : { tls: true as const, tlsFiles }),
  }))

/** One address. The keys of a map are for the error about an unknown one. */
const listenEntry: z.ZodType<ListenEntry, unknown> = z
  .unknown()
  .transform((input, context) => {
    const result = (isMap(input) ? entryOfMap : at).safeParse(input)
    if (result.success) return result.data
    for (const issue of result.error.issues)
      context.issues.push({ ...issue, input } as z.core.$ZodRawIssue)
    return z.NEVER
  })
  .meta({ keys: Object.keys(wholeKeys) })

/** The same for the control service: `control.tls` decides about TLS, and no proxy may be in front. */
export const controlEntry: z.ZodType<ListenEntry, unknown> = listenEntry.superRefine(
  (entry, context) => refuseTrafficKeys(entry, context, '; control.tls.cert means TLS'),
)

function refuseTrafficKeys(
  { tls, proxyProtocol, http2, httpsRedirect: redirect }: ListenEntry,
  context: z.RefinementCtx,
  tlsAdvice: string,
): void {
  const refuse = (message: string, path: string[]): void =>
    context.addIssue({ code: 'custom', path, message })
  if (tls === true) refuse(`write the address without https://${tlsAdvice}`, [])
  for (const [key, value] of Object.entries({ proxyProtocol, http2, httpsRedirect: redirect }))
    if (value !== undefined) refuse('is for the addresses of listen alone', [key])
}

/** The same for the health checks of this proxy, which have no TLS, and whose socket nobody passes. */
export const healthEntry: z.ZodType<ListenEntry, unknown> = listenEntry.superRefine(
  (entry, context) => {
    refuseTrafficKeys(entry, context, ': health checks have no TLS')
    const message = 'write HOST:PORT or unix:/PATH: systemd passes no socket for health checks'
    if (entry.host.startsWith('fd:')) context.addIssue({ code: 'custom', path: [], message })
  },
)

/** A list of them; the same as JSON in one string, or addresses with commas (as in the environment). */
export const listenEntries: z.ZodType<readonly ListenEntry[], unknown> = z.preprocess(
  (input) => {
    if (typeof input === 'number' || isMap(input)) return [input]
    if (typeof input !== 'string') return input
    const text = input.trim()
    if (!/^[[{]/.test(text) || /^\[[0-9a-f:.]+\]:/i.test(text))
      return text === '' ? [] : split(text)
    try {
      const parsed: unknown = JSON.parse(text)
      return Array.isArray(parsed) ? parsed : [parsed]
    } catch {
      return input
    }
  },
  z.array(listenEntry, { error: (issue) => `${show(issue.input)} is not a list` }),
)

const split = (text: string): string[] => text.split(',').map((part) => part.trim())

function isMap(input: unknown): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
}
