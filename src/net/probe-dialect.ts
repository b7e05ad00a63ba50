// The protocols of probes: the bytes of a question and of a valid answer (mcmp.md 2.5). Pure.

interface Dialect {
  readonly name: string
  readonly request: Uint8Array
  /** Whether the bytes received so far are a valid answer; `undefined` while more are needed. */
  isAnswer(bytes: Buffer): boolean | undefined
}

const startsWith =
  (answer: Buffer) =>
  (bytes: Buffer): boolean | undefined => {
    const length = Math.min(bytes.length, answer.length)
    if (bytes.compare(answer, 0, length, 0, length) !== 0) return false
    return length === answer.length ? true : undefined
  }

/** Any HTTP response is a valid answer. */
const http: Dialect = {
  name: 'HTTP',
  request: Buffer.from('OPTIONS * HTTP/1.0\r\nUser-Agent: topspin\r\n\r\n'),
  isAnswer: startsWith(Buffer.from('HTTP/1.')),
}

/** CPING and CPONG. */
const ajp: Dialect = {
  name: 'AJP',
  request: Buffer.from([0x12, 0x34, 0x00, 0x01, 0x0a]),
  isAnswer: startsWith(Buffer.from([0x41, 0x42, 0x00, 0x01, 0x09])),
}

/** TLS changes nothing in the question. */
const httpTypes: ReadonlySet<string> = new Set(['http', 'ws', 'https', 'wss'])

/** `undefined` for an unsupported type. */
export function dialectOf(type: string): Dialect | undefined {
  if (httpTypes.has(type)) return http
  return type === 'ajp' ? ajp : undefined
}
