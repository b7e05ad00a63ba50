// Writes the fields with which a node learns about the client: X-Forwarded-* and Forwarded [RFC 7239], Via [RFC 9110 7.6.3], and
// optionally Client-Cert [RFC 9440]. One object for each client connection, which caches the lines: the address is constant,
// and the host rarely changes.

import { hostText } from '../base/host-port.ts'
import {
  clientBehind,
  type ForwardedHops,
  forPair,
  type Hop,
  hopsInForwarded,
  hopsInList,
  hostsIn,
  listEntry,
  protocolsIn,
} from './forwarded-hops.ts'
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

/** The field in which trusted proxies send the address of the client. */
export type TrustedHeader = 'x-forwarded-for' | 'forwarded'

interface ForwardedOptions {
  /** Address of the client's connection, without port. */
  readonly address: string
  readonly scheme: 'http' | 'https'
  /** Our Via lines, shared by all connections. */
  readonly via: ViaLines
  /** The client is a trusted proxy: its own forwarding fields are passed on. */
  readonly trusted: boolean
  /** The field that applies when a trusted client sends both. Default `x-forwarded-for`. */
  readonly header?: TrustedHeader | undefined
  /** Whether an address belongs to a trusted proxy. Default: none does. */
  readonly isTrusted?: ((address: string) => boolean) | undefined
  /** The requests come over HTTP/2. Default false. */
  readonly isHttp2?: boolean | undefined
  /** Certificate of the client in DER, for Client-Cert. */
  readonly certificate?: Buffer | undefined
}

/** Whether a field describes the origin of a request; such fields are forwarded from trusted clients only. */
export const isClaim = (kind: number): boolean =>
  kind === FORWARDED ||
  kind === X_FORWARDED_FOR ||
  kind === X_FORWARDED_PROTO ||
  kind === X_FORWARDED_HOST ||
  kind === CLAIM

/** Our Via line for requests of HTTP/1.0, HTTP/1.1 and HTTP/2. */
export type ViaLines = readonly [Buffer, Buffer, Buffer]

/** @param pseudonym received-by of our entries. @throws RangeError when it is no field value. */
export const viaLines = (pseudonym: string): ViaLines => [
  fieldLine('Via', `1.0 ${pseudonym}`),
  fieldLine('Via', `1.1 ${pseudonym}`),
  fieldLine('Via', `2.0 ${pseudonym}`),
]

/** Writes our own lines of a request head. `fields` are the received ones; the host is bytes[hostFrom..hostTo) of theirs. */
export interface ForwardedLines {
  write(fields: Fields, minor: number, hostFrom: number, hostTo: number, out: Out): void
  /** Address of the client behind trusted proxies; that of the connection where they name none. */
  clientOf(fields: Fields): string
  /** Whether the client uses HTTPS: as a trusted proxy in front says, else as the connection shows. */
  isSecure(fields: Fields): boolean
}

export class ForwardedFields implements ForwardedLines {
  readonly #options: ForwardedOptions
  /** The host for which `#lines` were made. */
  #host: Buffer = Buffer.alloc(0)
  #lines: Buffer | undefined
  readonly #certificateLine: Buffer | undefined
  readonly #via: Buffer

  constructor(options: ForwardedOptions) {
    this.#options = options
    const { certificate, via, isHttp2 } = options
    this.#via = via[isHttp2 === true ? 2 : 1]
    if (certificate !== undefined)
      this.#certificateLine = fieldLine('Client-Cert', `:${certificate.toString('base64')}:`)
  }

  write(fields: Fields, minor: number, hostFrom: number, hostTo: number, out: Out): void {
    out.raw(minor === 0 ? this.#options.via[0] : this.#via)
    if (this.#certificateLine !== undefined) out.raw(this.#certificateLine)
    if (this.#options.trusted && this.#extend(fields, hostFrom, hostTo, out)) return
    if (!this.#isSameHost(fields.bytes, hostFrom, hostTo))
      this.#remember(fields.bytes, hostFrom, hostTo)
    if (this.#lines !== undefined) out.raw(this.#lines)
  }

  clientOf(fields: Fields): string {
    const { address, trusted, header, isTrusted = () => false } = this.#options
    if (!trusted) return address
    const { hops } = hopsIn(claimsIn(fields), header)
    return clientBehind(
      hops.map((hop) => hop.address),
      address,
      isTrusted,
    )
  }

  isSecure(fields: Fields): boolean {
    const { scheme, trusted, header } = this.#options
    if (!trusted) return scheme === 'https'
    const claims = claimsIn(fields)
    const { hops, fromForwarded } = hopsIn(claims, header)
    const first = fromForwarded ? this.#firstBehindTrusted(hops) : undefined
    return (first?.proto || claims.proto || scheme).startsWith('https')
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

  /** Extends the lists of a trusted client by our own entry. @returns false when it sent none of the fields. */
  #extend(fields: Fields, hostFrom: number, hostTo: number, out: Out): boolean {
    const claims = claimsIn(fields)
    const { list, forwarded } = claims
    if (list === '' && forwarded === undefined && claims.proto === '' && claims.host === '')
      return false
    const { address, scheme, header } = this.#options
    const ownHost = text(fields.bytes, hostFrom, hostTo)
    const ownElement = this.#element(ownHost)
    const { hops, fromForwarded } = hopsIn(claims, header)
    const first = fromForwarded ? this.#firstBehindTrusted(hops) : undefined
    const proto = first?.proto || claims.proto || scheme
    const host = first?.host || claims.host || ownHost
    const isKept =
      forwarded?.isWhole === true &&
      (fromForwarded
        ? forwarded.hops.every((hop) => !hop.isMended)
        : agrees(forwarded.hops, hops, proto, host))
    const entries = fromForwarded ? hops.map(listEntry).join(', ') : list
    out.raw(fieldLine('X-Forwarded-For', entries === '' ? address : `${entries}, ${address}`))
    out.raw(fieldLine('X-Forwarded-Proto', proto))
    if (host !== '') out.raw(fieldLine('X-Forwarded-Host', host))
    const elements = isKept
      ? [claims.forwardedText, ownElement]
      : [...elementsOf(hops, claims, fromForwarded), ownElement]
    out.raw(fieldLine('Forwarded', elements.join(', ')))
    return true
  }

  /** The nearest hop that is not a trusted proxy; if all are, the first. */
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
  /** All Forwarded fields together; `undefined` when there is none. */
  readonly forwarded: ForwardedHops | undefined
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
    const kind = fields.kinds[f]!
    if (kind === X_FORWARDED_FOR) lists.push(fields.value(f))
    else if (kind === FORWARDED && fields.value(f) !== '') elements.push(fields.value(f))
    else if (kind === X_FORWARDED_PROTO) proto = protocolsIn(fields.value(f))
    else if (kind === X_FORWARDED_HOST) host = hostsIn(fields.value(f))
  }
  const forwarded = elements.length === 0 ? undefined : hopsInForwarded(elements)
  return { list: lists.join(', '), forwarded, forwardedText: elements.join(', '), proto, host }
}

/**
 * Only one of the two fields applies: a proxy that writes one of them may pass on the other as its client sent it. An
 * unreadable Forwarded applies, too, where it is the one: a client can make it unreadable.
 */
function hopsIn(
  { list, forwarded }: Claims,
  header: TrustedHeader | undefined,
): { readonly hops: readonly Hop[]; readonly fromForwarded: boolean } {
  if (forwarded !== undefined && (header === 'forwarded' || list === '')) {
    return { hops: forwarded.hops, fromForwarded: true }
  }
  return { hops: list === '' ? [] : hopsInList(list), fromForwarded: false }
}

/**
 * Whether Forwarded tells what X-Forwarded-* tell that apply. A client that knows its address can write it into a Forwarded
 * with another protocol and host.
 */
const agrees = (
  hops: readonly Hop[],
  applied: readonly Hop[],
  proto: string,
  host: string,
): boolean =>
  hops.length === applied.length &&
  hops.every(
    (hop, i) =>
      !hop.isMended &&
      listEntry(hop) === listEntry(applied[i] as Hop) &&
      (hop.proto === '' || hop.proto === proto) &&
      (hop.host === '' || hop.host === host),
  )

/** The hops as elements of Forwarded; protocol and host of X-Forwarded-* belong to the nearest hop. */
function elementsOf(
  hops: readonly Hop[],
  { proto, host }: Pick<Claims, 'proto' | 'host'>,
  fromForwarded: boolean,
): string[] {
  return hops.map((hop, index) => {
    if (fromForwarded) return elementOf(hop, hop.proto, hop.host)
    const isNearest = index === hops.length - 1
    return elementOf(hop, isNearest ? proto : '', isNearest ? host : '')
  })
}

/** @param proto list as in X-Forwarded-Proto; more than one is no value of Forwarded, and neither are several hosts. */
const elementOf = (hop: Hop, proto: string, host: string): string =>
  `${forPair(hop)}${/^https?$/.test(proto) ? `;proto=${proto}` : ''}${host === '' || host.includes(',') ? '' : `;host="${host}"`}`
