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

const acmeName: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a DNS name` })
  .transform((name) => name.toLowerCase())
  .refine((name) => !name.startsWith('*.'), {
    error:
      'a wildcard needs the challenge DNS-01, which is not supported: list the names one by one, or name a certificate file in `tls`',
    abort: true,
  })
  .refine((name) => isCertificateName(name) && /\.[a-z][a-z0-9-]*$/.test(name), {
    error: 'not a DNS name with a dot; write for example www.example.com',
  })

export const acme: z.ZodType<AcmeConfig, unknown> = section({
  names: list(acmeName, '', {
    form: 'name, or a list',
    description:
      'DNS names for which the proxy obtains certificates, one for each, and renews them ([acme.md](acme.md)). Default: none, and ACME is off.',
  }),
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

/** Contradictions among the keys, when ACME is on. */
export function problemsOfAcme(
  { names, agreeTos, storage, eab }: AcmeConfig,
  listen: readonly { readonly tls?: boolean | undefined }[],
): readonly { readonly path: readonly string[]; readonly message: string }[] {
  if (names.length === 0) return []
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
    [
      !listen.some(isSecure),
      ['names'],
      'are not used: no address in `listen` begins with https://',
    ],
    [
      listen.every(isSecure),
      ['names'],
      'cannot be validated: `listen` needs an address without https://, which the authority reaches at port 80',
    ],
  ]
  return wrong.flatMap(([isWrong, path, message]) =>
    isWrong ? [{ path: ['acme', ...path], message }] : [],
  )
}
