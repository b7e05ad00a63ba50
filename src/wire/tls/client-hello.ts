// The ClientHello of TLS: what a client says before the server chooses a certificate [RFC 8446 4.1.2, RFC 6066 3,
// RFC 7301 3.1]. Linear in its bytes. Pure.

/** What the choice of a certificate rests on. */
export interface ClientHello {
  /** In lower case, without a final dot; undefined: the client names none, as for an address. */
  readonly serverName: string | undefined
  /** For TLS 1.2. */
  readonly cipherSuites: readonly number[]
  /** Empty: the client says nothing of them. */
  readonly signatureSchemes: readonly number[]
  /** TLS 1.3 is among the versions that it offers. */
  readonly isTls13: boolean
  /** The protocols of ALPN that it offers. */
  readonly protocols: readonly string[]
}

const extensionTypes = {
  serverName: 0,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
}

const versionTls13 = 0x0304
const clientHelloType = 1
/** Type and length of a handshake message. */
const messageHeadBytes = 4
/** With version and random. */
const beforeSessionId = messageHeadBytes + 2 + 32

/** Positions are in a message of which every read checks that it is there. */
class Cursor {
  readonly #bytes: Buffer
  #at: number
  readonly #end: number
  /** A length goes beyond the end. */
  isBroken = false

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  get isAtEnd(): boolean {
    return this.isBroken || this.#at >= this.#end
  }

  /** A number of 1 or 2 bytes. */
  number(size: 1 | 2): number {
    if (this.#at + size > this.#end) {
      this.isBroken = true
      return 0
    }
    const value = this.#bytes.readUIntBE(this.#at, size)
    this.#at += size
    return value
  }

  /** A part behind its length of 1 or 2 bytes. */
  part(size: 1 | 2): Cursor {
    const length = this.number(size)
    const begin = this.#at
    if (begin + length > this.#end) this.isBroken = true
    if (this.isBroken) return new Cursor(this.#bytes, this.#end, this.#end)
    this.#at = begin + length
    return new Cursor(this.#bytes, begin, this.#at)
  }

  numbers(): readonly number[] {
    const found: number[] = []
    while (!this.isAtEnd) found.push(this.number(2))
    return found
  }

  text(): string {
    return this.#bytes.toString('latin1', this.#at, this.#end)
  }
}

/** @param message the whole handshake message. @returns undefined for another message, or one that is broken. */
export function readClientHello(message: Buffer): ClientHello | undefined {
  if (message[0] !== clientHelloType || message.length < beforeSessionId) return undefined
  const end = messageHeadBytes + message.readUIntBE(1, 3)
  if (message.length < end) return undefined
  const body = new Cursor(message, beforeSessionId, end)
  body.part(1)
  const cipherSuites = body.part(2).numbers()
  body.part(1)
  const extensions = body.isAtEnd ? new Map<number, Cursor>() : extensionsIn(body.part(2))
  if (body.isBroken || extensions === undefined) return undefined
  const versions = extensions.get(extensionTypes.supportedVersions)?.part(1).numbers() ?? []
  return {
    serverName: serverNameIn(extensions.get(extensionTypes.serverName)),
    cipherSuites,
    signatureSchemes: extensions.get(extensionTypes.signatureAlgorithms)?.part(2).numbers() ?? [],
    isTls13: versions.includes(versionTls13),
    protocols: protocolsIn(extensions.get(extensionTypes.alpn)),
  }
}

function extensionsIn(list: Cursor): ReadonlyMap<number, Cursor> | undefined {
  const known = Object.values(extensionTypes)
  const extensions = new Map<number, Cursor>()
  while (!list.isAtEnd) {
    const type = list.number(2)
    const part = list.part(2)
    if (known.includes(type)) extensions.set(type, part)
  }
  return list.isBroken ? undefined : extensions
}

/** Of the one type that there is, host_name. */
function serverNameIn(extension: Cursor | undefined): string | undefined {
  const list = extension?.part(2)
  if (list === undefined || list.isAtEnd || list.number(1) !== 0) return undefined
  const name = list.part(2)
  if (list.isBroken) return undefined
  const text = name.text().toLowerCase()
  return text.endsWith('.') ? text.slice(0, -1) : text
}

function protocolsIn(extension: Cursor | undefined): readonly string[] {
  const list = extension?.part(2)
  const protocols: string[] = []
  while (list !== undefined && !list.isAtEnd) protocols.push(list.part(1).text())
  return protocols
}
