// The section `acme`: certificates that the proxy obtains itself [RFC 8555].

import { z } from 'zod'
import { isCertificateName } from '../net/certificate-facts.ts'
import {
  choice,
  duration,
  fileName,
  list,
  pem,
  section,
  show,
  word,
  yesNo,
} from './schema-forms.ts'

export interface AcmeConfig {
  /** The URL of the authority's directory. */
  readonly directory: string
  readonly email?: string | undefined
  readonly agreeTos: boolean
  readonly eab: { readonly kid?: string | undefined; readonly hmacFile?: string | undefined }
  readonly storage?: string | undefined
  /** Empty: no certificate is ordered. */
  readonly names: readonly string[]
  /** Aliases of nodes for which certificates are ordered, too: names, `*.` for one label, `.` for all names below. */
  readonly allow: readonly string[]
  readonly challenge: 'auto' | 'http-01' | 'tls-alpn-01'
  readonly keyType: 'ecdsa' | 'rsa'
  /** Time before the end of a certificate, ms. Absent: a third of its life. */
  readonly renewBefore?: number | undefined
  readonly caFile?: string | undefined
}

const directories: ReadonlyMap<string, string> = new Map([
  ['letsencrypt', 'https://acme-v02.api.letsencrypt.org/directory'],
  ['letsencrypt-staging', 'https://acme-staging-v02.api.letsencrypt.org/directory'],
  ['zerossl', 'https://acme.zerossl.com/v2/DV90'],
])

const directory = z
  .string({ error: (issue) => `${show(issue.input)} is not a text` })
  .transform((text) => directories.get(text) ?? text)
  .refine((text) => text.startsWith('https://') && URL.canParse(text), {
    error: `neither an https:// URL nor one of ${[...directories.keys()].join(', ')}`,
  })
  .meta({
    form: 'name or URL',
    description: `The authority: ${[...directories.keys()].join(', ')}, or the URL of its ACME directory.`,
  })

/** A name that an authority may issue a certificate for. */
export const isDnsName = (name: string): boolean =>
  !name.startsWith('*') && isCertificateName(name) && /\.[a-z][a-z0-9-]*$/.test(name)

const acmeName: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a DNS name` })
  .transform((name) => name.toLowerCase())
  .refine((name) => !name.startsWith('*.'), {
    error:
      'a wildcard needs the challenge DNS-01, which is not supported: list the names one by one, or name a certificate file in `tls`',
    abort: true,
  })
  .refine(isDnsName, {
    error: 'not a DNS name with a dot; write for example www.example.com',
  })

const allowed: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a name` })
  .transform((name) => name.toLowerCase())
  .refine((name) => isDnsName(name.replace(/^(?:\*\.|\.)/, '')), {
    error: 'not a DNS name; write for example www.example.com, *.example.com or .example.com',
  })

/** Whether one of these entries of `allow` allows a name in lower case. */
export const isAllowedName = (name: string, allow: readonly string[]): boolean =>
  allow.some((entry) => {
    if (entry.startsWith('.')) return name.endsWith(entry)
    if (!entry.startsWith('*')) return name === entry
    return name.indexOf('.') === name.length - entry.length + 1 && name.endsWith(entry.slice(1))
  })

/** Whether certificates are ordered at all. */
export const usesAcme = ({ names, allow }: Pick<AcmeConfig, 'names' | 'allow'>): boolean =>
  names.length > 0 || allow.length > 0

export const acme: z.ZodType<AcmeConfig, unknown> = section({
  names: list(acmeName, '', {
    form: 'name, or a list',
    description:
      'DNS names for which the proxy obtains certificates, one for each, and renews them ([acme.md](acme.md)). Default: none, and ACME is off.',
  }),
  allow: list(allowed, '', {
    form: 'name, or a list',
    description:
      'Host aliases that nodes may register and get certificates by that: `www.example.com`, `*.example.com` for one label before it, `.example.com` for all names below. No certificate is ever ordered for an alias that is not allowed here. Default: none, and aliases get no certificates.',
  }),
  challenge: choice(
    ['auto', 'http-01', 'tls-alpn-01'],
    'How the authority finds that the names lead here: by a request to port 80 (`http-01`), or by a handshake at port 443 (`tls-alpn-01`). `auto`: `http-01` where `listen` has an address without `https://`, the other one after an order that has failed.',
  ).prefault('auto'),
  directory: directory.prefault('letsencrypt'),
  agreeTos: yesNo("You agree to the authority's terms of service. Required.").prefault(false),
  email: word('address', 'Where the authority sends its warnings.').optional(),
  storage: fileName(
    'Folder for the account key and the certificates, readable by the proxy alone. It is created when it is missing; several proxies can share it. Required.',
  ).optional(),
  keyType: choice(['ecdsa', 'rsa'], 'Kind of the keys: P-256, or RSA of 2,048 bits.').prefault(
    'ecdsa',
  ),
  renewBefore: duration(
    1_000,
    'How long before its end a certificate is renewed. Default: a third of its life.',
  ).optional(),
  eab: section({
    kid: word(
      'text',
      'Key identifier of an account outside ACME (external account binding).',
    ).optional(),
    hmacFile: fileName('File with the HMAC key of that account, in base64url.').optional(),
  }),
  caFile: pem("Authorities that sign the directory's own certificate. Default: those of Node.js."),
})

/** The challenges that can be answered, the preferred one first. */
export const challengesOf = (
  { challenge }: Pick<AcmeConfig, 'challenge'>,
  listen: readonly { readonly tls?: boolean | undefined }[],
): readonly ('http-01' | 'tls-alpn-01')[] => {
  if (challenge !== 'auto') return [challenge]
  return listen.some(({ tls }) => tls !== true) ? ['http-01', 'tls-alpn-01'] : ['tls-alpn-01']
}

/** Contradictions among the keys, when ACME is on. */
export function problemsOfAcme(
  { names, allow, challenge, agreeTos, storage, eab }: AcmeConfig,
  listen: readonly { readonly tls?: boolean | undefined }[],
): readonly { readonly path: readonly string[]; readonly message: string }[] {
  if (!usesAcme({ names, allow })) return []
  const key = names.length > 0 ? 'names' : 'allow'
  const isSecure = ({ tls }: { readonly tls?: boolean | undefined }): boolean => tls === true
  const wrong: readonly (readonly [boolean, readonly string[], string])[] = [
    [
      !agreeTos,
      ['agreeTos'],
      'must be true: the authority asks you to agree to its terms of service',
    ],
    [storage === undefined, ['storage'], 'is missing: the folder that keeps the certificates'],
    [
      eab.kid !== undefined && eab.hmacFile === undefined,
      ['eab', 'hmacFile'],
      'is missing: it belongs to `acme.eab.kid`',
    ],
    [
      eab.kid === undefined && eab.hmacFile !== undefined,
      ['eab', 'kid'],
      'is missing: it belongs to `acme.eab.hmacFile`',
    ],
    [!listen.some(isSecure), [key], 'are not used: no address in `listen` begins with https://'],
    [
      challenge === 'http-01' && listen.every(isSecure),
      ['challenge'],
      'needs an address without https:// in `listen`, which the authority reaches at port 80; or write `tls-alpn-01`',
    ],
  ]
  return wrong.flatMap(([isWrong, path, message]) =>
    isWrong ? [{ path: ['acme', ...path], message }] : [],
  )
}
