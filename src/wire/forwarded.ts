// What a request tells the node about its client: X-Forwarded-* and Forwarded [RFC 7239], and Via
// [RFC 9110 7.6.3], and Client-Cert [RFC 9440] where that is wanted. One object per client connection: the
// address never changes, the host seldom does.

import { hostText } from '../base/host-port.ts'
import { fieldLine } from './http/field-lines.ts'
import {
  CLAIM,
  FORWARDED,
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PROTO,
} from './http/field-name.ts'
import { type Fields, text } from './http/fields.ts'
import type { Out } from './http/out.ts'

export interface ForwardedOptions {
  /** Address of the client as seen here, without a port. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** Shared by all connections. */
  readonly via: ViaLines
  /** The client's address is one whose own claims are believed. */
  readonly trusted: boolean
  /** Its certificate in DER, when nodes shall be told. */
  readonly certificate?: Buffer | undefined
}

/** Fields by which a client claims where a request came from; only trusted ones are forwarded. */
export const isClaim = (kind: number): boolean =>
  kind === FORWARDED ||
  kind === X_FORWARDED_FOR ||
  kind === X_FORWARDED_PROTO ||
  kind === X_FORWARDED_HOST ||
  kind === CLAIM

/** Our line for requests of HTTP/1.0 and HTTP/1.1. */
export type ViaLines = readonly [Buffer, Buffer]

/** @throws RangeError when the pseudonym is no field value. */
export const viaLines = (pseudonym: string): ViaLines => [
  fieldLine('Via', `1.0 ${pseudonym}`),
  fieldLine('Via', `1.1 ${pseudonym}`),
]

/** Adds our own lines to a request's head, behind the fields that came, whose host is bytes[hostFrom..hostTo). */
export interface ForwardedLines {
  write(fields: Fields, minor: number, hostFrom: number, hostTo: number, out: Out): void
}

export class ForwardedFields implements ForwardedLines {
  readonly #options: ForwardedOptions
  /** For the host seen last. */
  #host: Buffer = Buffer.alloc(0)
  #lines: Buffer | undefined
  readonly #certificateLine: Buffer | undefined

  constructor(options: ForwardedOptions) {
    this.#options = options
    const { certificate } = options
    if (certificate !== undefined)
      this.#certificateLine = fieldLine('Client-Cert', `:${certificate.toString('base64')}:`)
  }

  write(fields: Fields, minor: number, hostFrom: number, hostTo: number, out: Out): void {
    out.raw(this.#options.via[minor === 0 ? 0 : 1])
    if (this.#certificateLine !== undefined) out.raw(this.#certificateLine)
    if (this.#options.trusted && this.#extend(fields, hostFrom, hostTo, out)) return
    if (!this.#isSameHost(fields.bytes, hostFrom, hostTo))
      this.#remember(fields.bytes, hostFrom, hostTo)
    if (this.#lines !== undefined) out.raw(this.#lines)
  }

  #isSameHost(bytes: Buffer, from: number, to: number): boolean {
    const host = this.#host
    if (this.#lines === undefined || host.length !== to - from) return false
    for (let i = 0; i < host.length; i++) if (host[i] !== bytes[from + i]) return false
    return true
  }

  #remember(bytes: Buffer, from: number, to: number): void {
    this.#host = Buffer.from(bytes.subarray(from, to))
    const host = text(bytes, from, to)
    this.#lines = Buffer.concat([
      fieldLine('X-Forwarded-For', this.#options.address),
      fieldLine('X-Forwarded-Proto', this.#options.scheme),
      host === '' ? Buffer.alloc(0) : fieldLine('X-Forwarded-Host', host),
      fieldLine('Forwarded', this.#element(host)),
    ])
  }

  /** forwarded-element [RFC 7239 4]; an IPv6 address is quoted and in brackets [6.1]. */
  #element(host: string): string {
    const { address, scheme } = this.#options
    const node = address.includes(':') ? `"${hostText(address)}"` : address
    return `for=${node};proto=${scheme}${host === '' ? '' : `;host="${host}"`}`
  }

  /** A trusted hop's claims are kept and ours is added to its lists; false when it made none. */
  #extend(fields: Fields, hostFrom: number, hostTo: number, out: Out): boolean {
    const told = { for: [] as string[], forwarded: [] as string[], proto: '', host: '' }
    for (let f = 0; f < fields.count; f++) {
      const kind = fields.kind(f)
      if (kind === X_FORWARDED_FOR) told.for.push(fields.value(f))
      else if (kind === FORWARDED) told.forwarded.push(fields.value(f))
      else if (kind === X_FORWARDED_PROTO) told.proto = fields.value(f)
      else if (kind === X_FORWARDED_HOST) told.host = fields.value(f)
    }
    if (told.for.length === 0 && told.forwarded.length === 0) {
      if (told.proto === '' && told.host === '') return false
    }
    const ownHost = text(fields.bytes, hostFrom, hostTo)
    const host = told.host || ownHost
    out.raw(fieldLine('X-Forwarded-For', [...told.for, this.#options.address].join(', ')))
    out.raw(fieldLine('X-Forwarded-Proto', told.proto || this.#options.scheme))
    if (host !== '') out.raw(fieldLine('X-Forwarded-Host', host))
    out.raw(fieldLine('Forwarded', [...told.forwarded, this.#element(ownHost)].join(', ')))
    return true
  }
}
