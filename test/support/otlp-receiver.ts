// A receiver of OTLP over HTTP that decodes the spans of each message.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name: string
  /** 2 server, 3 client. */
  readonly kind: number
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, string | number>>
  /** 2: error. */
  readonly status: number | undefined
  /** Process that sent it. */
  readonly pid: number
}

export interface OtlpReceiver {
  readonly url: string
  readonly spans: Span[]
  readonly requests: IncomingMessage[]
  /** Attributes of the resource of the last message. */
  readonly resource: () => Readonly<Record<string, string | number>>
  /** Answers of the next messages; then 200. */
  readonly answers: number[]
  /** Waits for the spans of as many requests; the newest trace, the span of the request first. */
  trace(count: number): Promise<readonly Span[]>
}

type Given = { readonly key: string; readonly value: Readonly<Record<string, string>> }

const factsOf = (attributes: readonly Given[]): Record<string, string | number> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value['stringValue'] ?? Number(value['intValue'])]),
  )

export async function startOtlpReceiver(t: TestContext): Promise<OtlpReceiver> {
  const spans: Span[] = []
  const requests: IncomingMessage[] = []
  const answers: number[] = []
  let resource: Record<string, string | number> = {}
  const receive = (text: string): void => {
    const [message] = JSON.parse(text).resourceSpans
    resource = factsOf(message.resource.attributes)
    for (const span of message.scopeSpans[0].spans)
      spans.push({
        ...span,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        attributes: factsOf(span.attributes),
        status: span.status.code,
        pid: Number(resource['process.pid']),
      })
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    request.setEncoding('utf8').on('data', (piece) => {
      text += piece
    })
    request.on('end', () => {
      requests.push(request)
      const status = answers.shift() ?? 200
      if (status === 200) receive(text)
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await until('the receiver listens', () => server.listening)
  const roots = (): Span[] => spans.filter(({ kind }) => kind === 2)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    resource: () => resource,
    answers,
    async trace(count) {
      await until(`${count} traces`, () => roots().length >= count, 8_000)
      const root = roots().at(-1) as Span
      return [root, ...spans.filter((span) => span !== root && span.traceId === root.traceId)]
    },
  }
}
