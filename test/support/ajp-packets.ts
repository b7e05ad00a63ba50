// AJP13 for tests, written apart from the code under test: packets of a container put together, and
// those of a proxy taken apart. What does not follow the protocol throws.

const requestNames = [
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'authorization',
  'connection',
  'content-type',
  'content-length',
  'cookie',
  'cookie2',
  'host',
  'pragma',
  'referer',
  'user-agent',
]
const methods = ['', 'OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'PROPFIND']
const stringAttributes = new Map([
  [3, 'remote_user'],
  [4, 'auth_type'],
  [5, 'query_string'],
  [6, 'jvm_route'],
  [7, 'ssl_cert'],
  [8, 'ssl_cipher'],
  [9, 'ssl_session'],
  [12, 'secret'],
  [13, 'stored_method'],
])

export interface AjpRequest {
  readonly method: string
  readonly protocol: string
  readonly uri: string
  readonly remoteAddress: string
  readonly remoteHost: string
  readonly serverName: string
  readonly serverPort: number
  readonly isSecure: boolean
  /** Names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Attributes by their name in the protocol, or the one that the proxy gave. */
  readonly attributes: ReadonlyMap<string, string | number>
}

/** Takes a FORWARD_REQUEST apart: the content of its packet. */
export function readForwardRequest(content: Buffer): AjpRequest {
  let at = 0
  const byte = (): number => content.readUInt8(at++)
  const integer = (): number => {
    at += 2
    return content.readUInt16BE(at - 2)
  }
  const string = (): string => {
    const length = integer()
    if (length === 0xffff) return ''
    const value = content.subarray(at, at + length)
    at += length
    if (value.length !== length || byte() !== 0) throw new Error('a string without its zero')
    return value.toString('latin1')
  }
  if (byte() !== 2) throw new Error('not a FORWARD_REQUEST')
  const code = byte()
  const protocol = string()
  const uri = string()
  const [remoteAddress, remoteHost, serverName] = [string(), string(), string()]
  const serverPort = integer()
  const isSecure = byte() === 1
  const fields: [string, string][] = []
  for (let left = integer(); left > 0; left--) {
    const isCoded = content[at] === 0xa0
    const name = isCoded ? requestNames[(integer() & 0xff) - 1] : string().toLowerCase()
    if (name === undefined) throw new Error('an unknown field number')
    fields.push([name, string()])
  }
  const attributes = new Map<string, string | number>()
  for (let attribute = byte(); attribute !== 0xff; attribute = byte()) {
    if (attribute === 10) attributes.set(string(), string())
    else if (attribute === 11) attributes.set('ssl_key_size', integer())
    else {
      const name = stringAttributes.get(attribute)
      if (name === undefined) throw new Error(`an unknown attribute: ${attribute}`)
      attributes.set(name, string())
    }
  }
  if (at !== content.length) throw new Error('bytes behind the attributes')
  const method = code === 0xff ? String(attributes.get('stored_method')) : methods[code]
  if (method === undefined) throw new Error(`an unknown method: ${code}`)
  return {
    method,
    protocol,
    uri,
    remoteAddress,
    remoteHost,
    serverName,
    serverPort,
    isSecure,
    fields,
    attributes,
  }
}

function packet(...content: (number | Buffer)[]): Buffer {
  const body = Buffer.concat(
    content.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)),
  )
  const head = Buffer.from([0x41, 0x42, 0, 0])
  head.writeUInt16BE(body.length, 2)
  return Buffer.concat([head, body])
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function string(value: string): Buffer {
  return Buffer.concat([integer(value.length), Buffer.from(value, 'latin1'), Buffer.of(0)])
}

const responseNames = [
  'Content-Type',
  'Content-Language',
  'Content-Length',
  'Date',
  'Last-Modified',
  'Location',
  'Set-Cookie',
  'Set-Cookie2',
  'Servlet-Engine',
  'Status',
  'WWW-Authenticate',
]

/** SEND_HEADERS; names that have a number are sent by it. */
export function sendHeaders(
  status: number,
  fields: readonly (readonly [string, string])[] = [],
  reason: string = 'OK',
): Buffer {
  const lines = fields.map(([name, value]) => {
    const code = responseNames.indexOf(name) + 1
    return Buffer.concat([code > 0 ? integer(0xa000 + code) : string(name), string(value)])
  })
  return packet(4, integer(status), string(reason), integer(fields.length), ...lines)
}

/** SEND_BODY_CHUNK */
export function sendBody(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data as string, 'latin1')
  return packet(3, integer(bytes.length), bytes, 0)
}

/** END_RESPONSE */
export const endResponse = (reuse: boolean = true): Buffer => packet(5, reuse ? 1 : 0)

/** GET_BODY_CHUNK */
export const getBodyChunk = (bytes: number = 8_186): Buffer => packet(6, integer(bytes))

export const cpong: Buffer = packet(9)

/** A whole answer without Content-Length. */
export function answerOf(body: string, status: number = 200): Buffer {
  return Buffer.concat([
    sendHeaders(status, [['Content-Type', 'text/plain']]),
    sendBody(body),
    endResponse(),
  ])
}
