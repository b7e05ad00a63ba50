// An HTTP answer of the control listener to what is not MCMP, and its bytes.

export interface Answer {
  readonly status: keyof typeof words
  readonly contentType: string
  readonly body: string
  /** Further fields; names and values as they go over the wire. */
  readonly fields?: Readonly<Record<string, string>>
}

const words = {
  200: 'OK',
  303: 'See Other',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
} as const

export const textAnswer = (
  status: Answer['status'],
  line: string,
  fields: Answer['fields'] = {},
): Answer => ({ status, contentType: 'text/plain; charset=utf-8', body: `${line}\n`, fields })

export const jsonAnswer = (status: Answer['status'], value: unknown): Answer => ({
  status,
  contentType: 'application/json',
  body: `${JSON.stringify(value)}\n`,
})

/** The whole HTTP response; without the body when only the head was asked for. */
export function writeAnswer(answer: Answer, keepAlive: boolean, headOnly: boolean): Uint8Array {
  const head = [
    `HTTP/1.1 ${answer.status} ${words[answer.status]}`,
    `Content-Type: ${answer.contentType}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...Object.entries(answer.fields ?? {}).map(([name, value]) => `${name}: ${value}`),
    `Connection: ${keepAlive ? 'Keep-Alive' : 'close'}`,
    `Content-Length: ${Buffer.byteLength(answer.body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${headOnly ? '' : answer.body}`)
}
