// A client over HTTP/2, by Node.js's own module, for scenes.

import { once } from 'node:events'
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { TestContext } from 'node:test'

export interface StreamAnswer {
  /** 0 when there was none. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: string
  /** Code with which the stream was reset; 0 when it has ended. */
  readonly code: number
}

export async function connectHttp2(t: TestContext, port: number): Promise<ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  t.after(() => session.destroy())
  await once(session, 'connect')
  return session
}

export async function answerOf(stream: ClientHttp2Stream): Promise<StreamAnswer> {
  let headers: IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {}
  let trailers: IncomingHttpHeaders = {}
  const pieces: Buffer[] = []
  stream.on('response', (given) => {
    headers = given
  })
  stream.on('trailers', (given) => {
    trailers = given
  })
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('error', () => {})
  // `once` would reject with the error of a reset.
  await new Promise((resolve) => stream.once('close', resolve))
  return {
    status: headers[':status'] ?? 0,
    headers,
    trailers,
    body: Buffer.concat(pieces).toString('latin1'),
    code: stream.rstCode,
  }
}

/** @param body also pieces, which are sent one after the other. */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<StreamAnswer> {
  const stream = session.request(headers, { endStream: body === undefined })
  if (body !== undefined) stream.end(body)
  return answerOf(stream)
}
