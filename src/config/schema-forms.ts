// The forms of values in the configuration: the text, the parsed value, and the error for any other text.
// Used by schema.ts.

import { z } from 'zod'
import { formatDuration, parseDuration } from '../base/duration.ts'
import {
  type HostPort,
  hostPortText,
  type NodeAddress,
  parseEndpoint,
  parseNodeAddress,
} from '../base/host-port.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import { destination } from '../net/destination.ts'
import { networkCheck } from '../net/network-check.ts'
import { isNameEntry } from '../net/node-addresses.ts'
import { parsePin } from '../net/pin.ts'
import { defaultTimeouts, type Timeouts } from '../proxy/forms.ts'
import { customaryGroup } from '../wire/advertise.ts'
import { isSecret, secretForm } from '../wire/authorization.ts'

/** The notes of docs/configuration.md on a key, beside its name and default. */
interface KeyNote {
  readonly form: string
  readonly description: string
}

/**
 * A list of maps as JSON in one string, as in the environment; '' is an empty list. Any other value is returned as it is, for
 * the schema to judge.
 */
export function listInText(input: unknown): unknown {
  if (typeof input !== 'string') return input
  try {
    return input.trim() === '' ? [] : (JSON.parse(input) as unknown)
  } catch {
    return input
  }
}

export const duration = (least: number, note: string): z.ZodType<number, string | number> =>
  value(
    `a duration${least > 0 ? ` of at least ${least} ms` : ''}; write for example 10s, 500ms or a number of milliseconds`,
    (text) => {
      const ms = parseDuration(text)
      return ms === undefined || ms < least ? undefined : ms
    },
    { form: 'duration', description: note },
  )

/** A timeout of the traffic, with the default of forward/. */
export const timeout = (name: keyof Timeouts, note: string): z.ZodType<number, unknown> =>
  duration(1, note).prefault(formatDuration(defaultTimeouts[name]))

export const count = (
  least: number,
  most: number,
  note: string,
): z.ZodType<number, string | number> =>
  value(
    `a whole number from ${least} to ${most}`,
    (text) => {
      const number = /^\d{1,10}$/.test(String(text)) ? Number(text) : -1
      return number < least || number > most ? undefined : number
    },
    { form: 'number', description: note },
  )

/** A share. */
export const ratio = (note: string): z.ZodType<number, string | number> =>
  value(
    'a share from 0 to 1, such as 0.01',
    (text) => {
      const number = /^(?:\d{1,3}(?:\.\d{1,9})?|\.\d{1,9})$/.test(String(text)) ? Number(text) : -1
      return number < 0 || number > 1 ? undefined : number
    },
    { form: 'number from 0 to 1', description: note },
  )

export const endpoint = (least: 0 | 1): z.ZodType<HostPort, string | number> =>
  value(
    `an address; write HOST:PORT, for example 127.0.0.1:${least === 0 ? 8000 : 3001}`,
    (text) => {
      const found = parseEndpoint(text)
      return found === undefined || found.port < least ? undefined : found
    },
    { form: 'HOST:PORT', description: '' },
  )

/** Of a node: port 0 is none, but a unix socket has no port. */
export const nodeEndpoint: z.ZodType<NodeAddress, string | number> = value(
  'an address; write HOST:PORT, for example 127.0.0.1:3001, or unix:/PATH',
  (text) => {
    const found = parseNodeAddress(text)
    return found === undefined || (found.port < 1 && !isUnixAddress(found.host)) ? undefined : found
  },
  { form: '[https://|h2c://|h2://]HOST:PORT', description: '' },
)

export const network: z.ZodType<string, string | number> = value(
  'an address or a network; write for example 10.0.0.0/8 or ::1, or unix for clients on unix sockets',
  (text) => (isNetwork(String(text)) ? String(text) : undefined),
  { form: 'network', description: '' },
)

export const nodeAddress: z.ZodType<string, string | number> = value(
  'an address, a network or a host name; write for example 10.0.0.0/8 or .apps.example',
  (text) => (isNetwork(String(text)) || isNameEntry(String(text)) ? String(text) : undefined),
  { form: 'network or name', description: '' },
)

/** The error does not contain the value. */
export const sharedSecret = (note: string): z.ZodType<string, string> =>
  z
    .string({ error: 'not text; write it in quotes' })
    .refine(isSecret, { error: `not a secret; ${secretForm}` })
    .meta({ form: 'text', description: note })

export const pseudonym = (note: string): z.ZodType<string, string | number> =>
  value(
    'a name of letters, digits, "-", "." and "_"; write for example topspin',
    (text) => (/^[\w.-]{1,64}$/.test(String(text)) ? String(text) : undefined),
    { form: 'name', description: note },
  )

/** A text of this form. @param what the expected form, for the error. */
export const text = (form: RegExp, what: string): z.ZodType<string, unknown> =>
  z.preprocess(
    (input) => (typeof input === 'number' ? String(input) : input),
    z
      .string({ error: (issue) => `${show(issue.input)} is not ${what}` })
      .regex(form, { error: (issue) => `${show(issue.input)} is not ${what}` }),
  )

export const yesNo = (note: string): z.ZodType<boolean, string | boolean> =>
  z
    .union([z.boolean(), z.string()], {
      error: (issue) => `${show(issue.input)} is neither true nor false`,
    })
    .transform((input, context) => {
      if (input === true || input === 'true') return true
      if (input === false || input === 'false') return false
      context.addIssue({ code: 'custom', message: `${show(input)} is neither true nor false` })
      return z.NEVER
    })
    .meta({ form: 'true or false', description: note })

export const choice = <const Word extends string>(
  words: readonly [Word, ...Word[]],
  note: string,
): z.ZodType<Word, Word> =>
  z
    .enum(words, { error: (issue) => `${show(issue.input)} is none of ${words.join(', ')}` })
    .meta({ form: words.join(', '), description: note })

export const level: z.ZodType<'debug' | 'info' | 'warn' | 'error', string> = z
  .enum(['debug', 'info', 'warn', 'error'], {
    error: (issue) => `${show(issue.input)} is not a level; write debug, info, warn or error`,
  })
  .meta({
    form: 'level',
    description: 'The lowest level that is logged: `debug`, `info`, `warn` or `error`.',
  })

/** The error does not contain the value. */
export const ajpSecret = (note: string): z.ZodType<string, string> =>
  z
    .string({ error: 'not text; write it in quotes' })
    .regex(/^[\x20-\x7e]{0,512}$/, {
      error: 'not a secret of at most 512 characters from space to "~"',
    })
    .meta({ form: 'text', description: note })

export const file = (note: string): z.ZodType<string, string> =>
  z
    .string({ error: (issue) => `${show(issue.input)} is neither off nor stdout nor a file name` })
    .min(1, { error: 'an empty name; write off, stdout or a file name' })
    .meta({ form: 'off, stdout or FILE', description: note })

export const pem = (note: string): z.ZodType<string | undefined, string | undefined> =>
  z
    .string({ error: (issue) => `${show(issue.input)} is not the name of a file` })
    .min(1, { error: 'an empty name; write the name of a PEM file' })
    .optional()
    .meta({ form: 'FILE', description: note })

export const pin: z.ZodType<string, string | number> = value(
  'a fingerprint; write the 64 digits of `openssl x509 -noout -fingerprint -sha256`, or sha256//BASE64 of the public key',
  (text) => parsePin(String(text)),
  { form: 'fingerprint', description: '' },
)

export const hostName: z.ZodType<string | undefined, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a host name` })
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, {
    error: (issue) => `${show(issue.input)} is not a host name`,
  })
  .refine((name) => !/^[\d.]+$/.test(name), { error: 'an address is not a host name' })
  .optional()
  .meta({
    form: 'name',
    description:
      'The server name that is sent (SNI) and that the certificate of every node must contain. Default: the host that the node registers; an address must be among the addresses of the certificate.',
  })

export const fileName = (note: string): z.ZodType<string, string> =>
  z
    .string({ error: (issue) => `${show(issue.input)} is not a file name` })
    .min(1, { error: 'an empty name; write a file name' })
    .meta({ form: 'FILE', description: note })

export const word = (form: string, note: string): z.ZodType<string, string> =>
  z
    .string({ error: (issue) => `${show(issue.input)} is not a text` })
    .min(1, { error: 'an empty text' })
    .meta({ form, description: note })

const customaryText = hostPortText(customaryGroup)

export const multicastGroup: z.ZodType<HostPort, string | number> = value(
  `a multicast group; write HOST:PORT, for example ${customaryText}, or on for that one`,
  (text) => {
    const found = parseEndpoint(text === 'on' ? customaryText : text)
    return found !== undefined && destination(found, []).kind === 'group' ? found : undefined
  },
  {
    form: 'HOST:PORT, or on',
    description: `The multicast group to which the proxy sends the address of its control listener, as httpd's mod_advertise does, so that nodes find it. \`on\` is \`${customaryText}\`. Default: the proxy does not advertise itself.`,
  },
)

function isNetwork(text: string): boolean {
  try {
    networkCheck([text], 'network')
    return true
  } catch {
    return false
  }
}

/** A string or number that `parse` turns into the value; undefined refuses it. */
export function value<T>(
  what: string,
  parse: (text: string | number) => T | undefined,
  note: KeyNote,
): z.ZodType<T, string | number> {
  return z
    .union([z.string(), z.number()], { error: (issue) => `${show(issue.input)} is not ${what}` })
    .transform((input, context) => {
      const parsed = parse(input)
      if (parsed !== undefined) return parsed
      context.addIssue({ code: 'custom', message: `${show(input)} is not ${what}` })
      return z.NEVER
    })
    .meta({ ...note })
}

/** A YAML list, or one string with commas (as in the environment); `fallback` is of that form too. */
export function list<T>(
  item: z.ZodType<T, unknown>,
  fallback: string,
  note: KeyNote,
): z.ZodType<readonly T[], unknown> {
  const split = (input: unknown): unknown => {
    if (typeof input === 'number') return [input]
    if (typeof input !== 'string') return input
    return input.trim() === '' ? [] : input.split(',').map((part) => part.trim())
  }
  return z
    .preprocess(split, z.array(item, { error: (issue) => `${show(issue.input)} is not a list` }))
    .prefault(fallback)
    .meta({ ...note })
}

export function section<T extends Record<string, z.ZodType>>(
  keys: T,
): z.ZodType<z.output<z.ZodObject<T>>, unknown> {
  return z
    .strictObject(keys, {
      error: (issue) =>
        issue.code === 'invalid_type' ? `${show(issue.input)} is not a map of keys` : undefined,
    })
    .prefault({} as never)
}

export function show(input: unknown): string {
  if (input === null || input === undefined) return 'nothing'
  if (Array.isArray(input)) return 'a list'
  return typeof input === 'object' ? 'a map' : JSON.stringify(input)
}

export const pageUrl: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a URL` })
  .transform((given, context) => {
    const url = URL.canParse(given) ? new URL(given) : undefined
    const isPage = url !== undefined && /^https?:$/.test(url.protocol) && url.hash === ''
    if (isPage && url.username === '' && url.password === '') return url.href
    context.addIssue({
      code: 'custom',
      message: `${show(given)} is not a URL; write for example http://10.0.0.1:8080/.well-known/topspin/peers`,
    })
    return z.NEVER
  })
