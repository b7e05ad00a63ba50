// The keys of a TLS listener in the configuration: files, names and what the handshake may use. Used by schema.ts for
// `tls` and `control.tls`, and by schema-listen.ts for the `tls` of one address.

import { z } from 'zod'
import { formatDuration } from '../base/duration.ts'
import { tlsLimits } from '../base/limits.ts'
import { isCertificateName } from '../net/certificate-facts.ts'
import { unknownCipher, unknownCurve } from '../net/tls-names.ts'
import type { ClientAuth, TlsVersion } from '../net/tls-options.ts'
import { choice, duration, list, listInText, pem, show, word } from './schema-forms.ts'

const words: ReadonlyMap<unknown, unknown> = new Map<unknown, unknown>([
  ['on', tlsLimits.watchMs],
  [true, tlsLimits.watchMs],
  ['true', tlsLimits.watchMs],
  ['off', 0],
  [false, 0],
  ['false', 0],
])

/** The files of one certificate. */
export interface CertificateFiles {
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The intermediate certificates, where `cert` does not contain them. */
  readonly chain?: string | undefined
  /** The passphrase of an encrypted key. */
  readonly passphraseFile?: string | undefined
  /** In place of the DNS names of the certificate; empty: none. */
  readonly names?: readonly string[] | undefined
  /** A response of OCSP; absent: the name of `cert` with `.ocsp`, if there is such a file. */
  readonly ocsp?: string | undefined
}

/** Names of PEM files, and the rules of the handshake. */
export interface ListenerTls extends Pick<CertificateFiles, 'cert' | 'key' | 'passphraseFile'> {
  readonly certificates: readonly CertificateFiles[]
  readonly ca?: string | undefined
  readonly clientAuth: ClientAuth
  readonly minVersion: TlsVersion
  readonly ciphers?: string | undefined
  readonly ecdhCurve?: string | undefined
  /** Only for the traffic. */
  readonly strictSni?: boolean | undefined
}

const name: z.ZodType<string, unknown> = z
  .string({ error: (issue) => `${show(issue.input)} is not a name` })
  .transform((text, context) => {
    const lower = text.toLowerCase()
    if (isCertificateName(lower)) return lower
    const form = 'a name; write for example shop.example or *.shop.example'
    context.addIssue({ code: 'custom', message: `${show(text)} is not ${form}` })
    return z.NEVER
  })

const certificateKeys = {
  cert: pem(''),
  key: pem(''),
  chain: pem(''),
  passphraseFile: pem(''),
  names: list(name, '', { form: '', description: '' }),
  ocsp: pem(''),
}

const certificate: z.ZodType<CertificateFiles, unknown> = z
  .strictObject(certificateKeys, {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? `${show(issue.input)} is not a map of cert and key`
        : undefined,
  })
  .superRefine((given, context) => {
    for (const key of ['cert', 'key'] as const)
      if (given[key] === undefined)
        context.addIssue({ code: 'custom', path: [key], message: 'is missing' })
  })
  .meta({ keys: Object.keys(certificateKeys) })

/** A YAML list, or the same as JSON in one string (as in the environment). */
const certificates: z.ZodType<readonly CertificateFiles[], unknown> = z
  .preprocess(
    listInText,
    z
      .array(certificate, {
        error: (issue) => `${show(issue.input)} is not a list of cert and key`,
      })
      .max(tlsLimits.certificatesMax, { error: `more than ${tlsLimits.certificatesMax} entries` }),
  )
  .prefault([])
  .meta({
    form: 'list of maps, or the same as JSON',
    description:
      'Further certificates, each for its names: the exact one first, then `*.` for one label, then `cert`, or without it the first of the list. A map has `cert` and `key`, and may have `chain` (the intermediate certificates, where `cert` does not contain them), `passphraseFile`, `names` (a list, in place of the DNS names of the certificate) and `ocsp` (the response for OCSP stapling in DER; default the name of `cert` with `.ocsp`, if there is such a file). A name may have certificates with keys of several kinds. See [tls.md](tls.md#several-certificates).',
  })

const minVersion: z.ZodType<TlsVersion, unknown> = z
  .preprocess(
    (input) => (typeof input === 'number' ? input.toFixed(1) : input),
    z.enum(['1.2', '1.3'], {
      error: (issue) => `${show(issue.input)} is none of 1.2 and 1.3`,
    }),
  )
  .prefault('1.2')
  .meta({ form: '1.2 or 1.3', description: 'The lowest version of TLS that is accepted.' })

const names = (
  find: (text: string) => string | undefined,
  what: string,
  description: string,
): z.ZodType<string | undefined, unknown> =>
  word('names with colons', description)
    .superRefine((text, context) => {
      const unknown = find(text)
      if (unknown !== undefined)
        context.addIssue({ code: 'custom', message: `${show(unknown)} is not ${what}` })
    })
    .optional()

const clientAuth: z.ZodType<ClientAuth, unknown> = choice(
  ['none', 'request', 'require'],
  'Client certificates: `none`, `request` (a client may send one, which must then be valid) or `require`. Needs `ca`.',
).prefault('none')

/** The keys of `tls` and `control.tls` beside `cert`. */
export const listenerKeys: {
  readonly [Key in Exclude<keyof ListenerTls, 'cert' | 'strictSni'>]-?: z.ZodType<
    ListenerTls[Key],
    unknown
  >
} = {
  key: pem('The private key of `cert`.'),
  passphraseFile: pem(
    'File that contains the passphrase of `key`, where that is encrypted. Who can read both files needs no passphrase, so it is for keys that come encrypted from elsewhere.',
  ),
  certificates: certificates,
  ca: pem('The authorities that sign the certificates of clients.'),
  clientAuth: clientAuth,
  minVersion: minVersion,
  ciphers: names(
    unknownCipher,
    'a cipher; `openssl ciphers -s -v` lists them',
    'The ciphers that are accepted, as OpenSSL names them, the preferred ones first: those of TLS 1.2 and, with names that begin with `TLS_`, those of TLS 1.3. Default: those of Node.js.',
  ),
  ecdhCurve: names(
    unknownCurve,
    'a group of this OpenSSL; write for example X25519:prime256v1',
    'The groups for the exchange of keys, as OpenSSL names them, the preferred ones first. Default: those of OpenSSL.',
  ),
}

/** How often the files are looked at, ms; 0: never. */
export const watch: z.ZodType<number, unknown> = z
  .preprocess((input) => words.get(input) ?? input, duration(0, ''))
  .prefault(formatDuration(tlsLimits.watchMs))
  .meta({
    form: 'on, off or a duration',
    description:
      'How often the proxy looks whether a file of a certificate, key or authority has changed, of all TLS sections. What has changed and stayed the same for a second is read, tried out, and in force for new connections without a reload; with a problem the log says it once, and nothing changes. `off` or 0: never.',
  })

const addressKeys = { cert: pem(''), ...listenerKeys }

/** The `tls` of one address, which replaces the section `tls` there. */
export const addressTls: z.ZodType<ListenerTls, unknown> = z
  .strictObject(
    { ...addressKeys, strictSni: z.boolean({ error: 'neither true nor false' }).optional() },
    {
      error: (issue) =>
        issue.code === 'invalid_type' ? `${show(issue.input)} is not a map of keys` : undefined,
    },
  )
  .meta({ keys: [...Object.keys(addressKeys), 'strictSni'] })
