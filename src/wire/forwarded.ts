// What a request tells the node about its client: X-Forwarded-* and Forwarded [RFC 7239], and Via
// [RFC 9110 7.6.3], and Client-Cert [RFC 9440] where that is wanted. One object per client connection: the
// address never changes, the host seldom does.

import { hostText } from '../base/host-port.ts'
import { forPair, type Hop, hopsInForwarded, hopsInList, listEntry } from './forwarded-hops.ts'
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

/** The field by which the proxies in front tell the client's address. */
export type TrustedHeader = 'x-forwarded-for' | 'forwarded'

export interface ForwardedOptions {
  /** Address of the client as seen here, without a port. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** Shared by all connections. */
  readonly via: ViaLines
  /** The client's address is one whose own claims are believed. */
  readonly trusted: boolean
  /** Which of the two fields counts where a trusted client sends both. Default `x-forwarded-for`. */
  readonly header?: TrustedHeader | undefined
  /** Whether an address is that of a trusted proxy. Default: none is. */
  readonly isTrusted?: ((address: string) => boolean) | undefined
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
    const told = claimsIn(fields)
    const { list, forwarded } = told
    if (list === '' && forwarded === undefined && told.proto === '' && told.host === '')
      return false
    const { address, scheme, header } = this.#options
    const ownHost = text(fields.bytes, hostFrom, hostTo)
    const ownElement = this.#element(ownHost)
    // One of the two fields counts: a front that writes only one may pass the other on as its client sent it.
    const fromForwarded = forwarded !== undefined && (header === 'forwarded' || list === '')
    const hops = fromForwarded ? forwarded : list === '' ? [] : hopsInList(list)
    const first = fromForwarded ? this.#firstBehindTrusted(hops) : undefined
    const proto = first?.proto || told.proto || scheme
    const host = first?.host || told.host || ownHost
    const entries = fromForwarded ? hops.map(listEntry).join(', ') : list
    out.raw(fieldLine('X-Forwarded-For', entries === '' ? address : `${entries}, ${address}`))
    out.raw(fieldLine('X-Forwarded-Proto', proto))
    if (host !== '') out.raw(fieldLine('X-Forwarded-Host', host))
    const elements =
      forwarded !== undefined && isSame(forwarded, hops)
        ? [told.forwardedText, ownElement]
        : [...elementsOf(hops, told.proto, told.host), ownElement]
    out.raw(fieldLine('Forwarded', elements.join(', ')))
    return true
  }

  /** The hop from the near end whose connection was the first to come to a trusted proxy. */
  #firstBehindTrusted(hops: readonly Hop[]): Hop | undefined {
    const isTrusted = this.#options.isTrusted ?? (() => false)
    let at = hops.length - 1
    while (at > 0 && isTrusted((hops[at] as Hop).address)) at--
    return hops[at]
  }
}

interface Claims {
  /** All X-Forwarded-For fields together. */
  readonly list: string
  /** All Forwarded fields together; `undefined` when there is none, or one that is none by its grammar. */
  readonly forwarded: readonly Hop[] | undefined
  readonly forwardedText: string
  readonly proto: string
  readonly host: string
}

function claimsIn(fields: Fields): Claims {
  const lists: string[] = []
  const elements: string[] = []
  let proto = ''
  let host = ''
  for (let f = 0; f < fields.count; f++) {
    const kind = fields.kind(f)
    if (kind === X_FORWARDED_FOR) lists.push(fields.value(f))
    else if (kind === FORWARDED) elements.push(fields.value(f))
    else if (kind === X_FORWARDED_PROTO) proto = fields.value(f)
    else if (kind === X_FORWARDED_HOST) host = fields.value(f)
  }
  const forwardedText = elements.join(', ')
  const forwarded = forwardedText === '' ? undefined : hopsInForwarded(forwardedText)
  return { list: lists.join(', '), forwarded, forwardedText, proto, host }
}

const isSame = (a: readonly Hop[], b: readonly Hop[]): boolean =>
  a.length === b.length && a.every((hop, i) => listEntry(hop) === listEntry(b[i] as Hop))

/** What X-Forwarded-* say, as elements of Forwarded: protocol and host are what the nearest hop tells. */
function elementsOf(hops: readonly Hop[], proto: string, host: string): string[] {
  return hops.map((hop, index) => {
    const isNearest = index === hops.length - 1
    const tellsProto = isNearest && /^https?$/i.test(proto)
    const tellsHost = isNearest && host !== ''
    const quoted = host.replace(/["\\]/g, '\\$&')
    return `${forPair(hop)}${tellsProto ? `;proto=${proto}` : ''}${tellsHost ? `;host="${quoted}"` : ''}`
  })
}
