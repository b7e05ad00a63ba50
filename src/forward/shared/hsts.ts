// Strict-Transport-Security, for responses over TLS alone [RFC 6797 6.1, 7.2].

import { fieldLine } from '../../wire/http/field-lines.ts'
import type { Fields } from '../../wire/http/fields.ts'
import type { DateLine } from './date-line.ts'

export interface HstsSettings {
  /** Seconds. */
  readonly maxAge: number
  readonly includeSubDomains: boolean
  /** Consents to the lists that browsers come with. */
  readonly preload: boolean
}

const name = Buffer.from('strict-transport-security')

export const hstsLine = ({ maxAge, includeSubDomains, preload }: HstsSettings): Buffer =>
  fieldLine(
    'Strict-Transport-Security',
    `max-age=${maxAge}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`,
  )

/** @returns undefined where the application has decided itself. */
export const hstsFor = (fields: Fields, line: Buffer): Buffer | undefined =>
  fields.indexOf(name) < 0 ? line : undefined

/** The first lines of a response of the proxy itself. @param tls of the client. */
export const ownLines = (
  { date, hsts }: { readonly date: DateLine; readonly hsts: Buffer | undefined },
  tls: object | undefined,
): Buffer =>
  hsts === undefined || tls === undefined ? date.bytes : Buffer.concat([date.bytes, hsts])
