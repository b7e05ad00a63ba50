// In which words a node is asked whether it is there, and what counts as an answer (mcmp.md 2.5).

export interface Dialect {
  readonly name: string
  readonly request: Uint8Array
  /** Whether what has come so far is an answer; `undefined` while it may become one. */
  isAnswer(bytes: Buffer): boolean | undefined
}

const startsWith =
  (answer: Buffer) =>
  (bytes: Buffer): boolean | undefined => {
    const length = Math.min(bytes.length, answer.length)
    if (bytes.compare(answer, 0, length, 0, length) !== 0) return false
    return length === answer.length ? true : undefined
  }

/** Any HTTP answer will do. */
const http: Dialect = {
  name: 'HTTP',
  request: Buffer.from('OPTIONS * HTTP/1.0\r\nUser-Agent: topspin\r\n\r\n'),
  isAnswer: startsWith(Buffer.from('HTTP/1.')),
}

/** CPING, and CPONG. */
const ajp: Dialect = {
  name: 'AJP',
  request: Buffer.from([0x12, 0x34, 0x00, 0x01, 0x0a]),
  isAnswer: startsWith(Buffer.from([0x41, 0x42, 0x00, 0x01, 0x09])),
}

/** `undefined` for a type that is not spoken. */
export function dialectOf(type: string): Dialect | undefined {
  if (type === 'http' || type === 'ws') return http
  return type === 'ajp' ? ajp : undefined
}
