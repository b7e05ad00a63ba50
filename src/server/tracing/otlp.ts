// Traces as a message of OTLP in JSON (https://opentelemetry.io/docs/specs/otlp/), with the names of the stable semantic
// conventions of HTTP (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). Pure. The text of the spans is put
// together from parts that are ready: objects and JSON.stringify cost ten times as much.

import { packageVersion } from '../../base/package-version.ts'
import type { AttemptSpan, TraceReport } from '../../proxy/index.ts'

const SERVER = 2
const CLIENT = 3
const ERROR = 2
/** The parent is in another process [trace.proto, SpanFlags]. */
const HAS_IS_REMOTE = 0x100
const IS_REMOTE = 0x200
const SAMPLED = 1

/** The body of a request to `/v1/traces`, in ASCII. @param service `service.name`. @param instance this process. */
export function otlpJson(
  traces: readonly TraceReport[],
  { service, instance }: { readonly service: string; readonly instance: string },
): string {
  const resource =
    attribute('service.name')(service) +
    attribute('service.version')(packageVersion()) +
    attribute('service.instance.id')(instance) +
    whole('process.pid')(process.pid)
  const scope = `{"name":"topspin","version":${quoted(packageVersion())}}`
  const spans: string[] = []
  for (const trace of traces) {
    spans.push(serverSpan(trace))
    for (const [index, attempt] of trace.attempts.entries())
      spans.push(clientSpan(trace, attempt, index))
  }
  return (
    `{"resourceSpans":[{"resource":{"attributes":[${listed(resource)}]},` +
    `"scopeSpans":[{"scope":${scope},"spans":[${spans.join(',')}]}]}]}`
  )
}

export const spansIn = (trace: TraceReport): number => 1 + trace.attempts.length

/** Each attribute begins with a comma. */
const listed = (attributes: string): string => attributes.slice(1)

/** Writes an attribute of text; '' for an empty one. */
const attribute = (key: string): ((value: string) => string) => {
  const begin = `,{"key":"${key}","value":{"stringValue":`
  return (value) => (value === '' ? '' : `${begin}${quoted(value)}}}`)
}

/** Writes an attribute of a whole number; '' for none. JSON of OTLP has 64-bit numbers as text. */
const whole = (key: string): ((value: number | undefined) => string) => {
  const begin = `,{"key":"${key}","value":{"intValue":"`
  return (value) => (value === undefined ? '' : `${begin}${value}"}}`)
}

const write = {
  scheme: attribute('url.scheme'),
  path: attribute('url.path'),
  query: attribute('url.query'),
  full: attribute('url.full'),
  server: attribute('server.address'),
  serverPort: whole('server.port'),
  httpRoute: attribute('http.route'),
  status: whole('http.response.status_code'),
  resends: whole('http.request.resend_count'),
  error: attribute('error.type'),
  client: attribute('client.address'),
  peer: attribute('network.peer.address'),
  protocolName: attribute('network.protocol.name'),
  protocolVersion: attribute('network.protocol.version'),
  userAgent: attribute('user_agent.original'),
  balancer: attribute('topspin.balancer'),
  node: attribute('topspin.node'),
  rule: attribute('topspin.rule'),
  code: attribute('topspin.code'),
  requestId: attribute('topspin.request_id'),
  method: attribute('http.request.method'),
  originalMethod: attribute('http.request.method_original'),
}

function serverSpan({ traceId, spanId, parentId, state, entry }: TraceReport): string {
  const { method, target, status, code, context, time, durationMs } = entry
  const isError = status === 0 || status >= 500 || (code !== '' && status < 400)
  const named = methodOf(method)
  const query = target.indexOf('?')
  const attributes =
    named.attributes +
    write.scheme(entry.tls === '' ? 'http' : 'https') +
    write.path(query < 0 ? target : target.slice(0, query)) +
    write.query(query < 0 ? '' : target.slice(query + 1)) +
    placeOf(entry.host) +
    write.httpRoute(context) +
    write.status(status || undefined) +
    write.error(isError ? code || String(status) : '') +
    write.client(entry.client) +
    write.peer(entry.remote) +
    write.protocolVersion(entry.protocol === 'HTTP/2.0' ? '2' : entry.protocol.slice(5)) +
    write.userAgent(entry.userAgent) +
    write.balancer(entry.balancer) +
    write.node(entry.route) +
    write.rule(entry.rule) +
    write.code(code) +
    write.requestId(entry.requestId)
  const flags = SAMPLED | HAS_IS_REMOTE | (parentId === '' ? 0 : IS_REMOTE)
  return (
    `{"traceId":"${traceId}","spanId":"${spanId}",${parentId === '' ? '' : `"parentSpanId":"${parentId}",`}` +
    `${stateText(state)}"flags":${flags},"kind":${SERVER},` +
    `"name":${context === '' ? named.quoted : quoted(`${named.name} ${context}`)},` +
    `"startTimeUnixNano":"${nanos(time - durationMs)}","endTimeUnixNano":"${nanos(time)}",` +
    `"attributes":[${listed(attributes)}],"status":${statusText(isError, code)}}`
  )
}

function clientSpan(
  { traceId, spanId: parentSpanId, state, entry }: TraceReport,
  { spanId, route, host, port, type, beganMs, endedMs, status, error }: AttemptSpan,
  index: number,
): string {
  const began = entry.time - entry.durationMs
  const failure = error !== '' ? error : status === 0 ? entry.code : ''
  const isError = failure !== '' || status >= 400
  const named = methodOf(entry.method)
  const scheme = type === 'https' || type === 'h2' || type === 'wss' ? 'https' : 'http'
  const attributes =
    named.attributes +
    write.full(`${scheme}://${host}${port === 0 ? '' : `:${port}`}${entry.target}`) +
    write.server(host) +
    write.serverPort(port || undefined) +
    write.status(status || undefined) +
    write.resends(index || undefined) +
    write.error(isError ? failure || String(status) : '') +
    write.protocolName(type === 'ajp' ? 'ajp' : '') +
    write.protocolVersion(type === 'h2' || type === 'h2c' ? '2' : '') +
    write.node(route)
  return (
    `{"traceId":"${traceId}","spanId":"${spanId}","parentSpanId":"${parentSpanId}",` +
    `${stateText(state)}"flags":${SAMPLED | HAS_IS_REMOTE},"kind":${CLIENT},"name":${named.quoted},` +
    `"startTimeUnixNano":"${nanos(began + beganMs)}",` +
    `"endTimeUnixNano":"${nanos(began + Math.max(beganMs, endedMs))}",` +
    `"attributes":[${listed(attributes)}],"status":${statusText(isError, failure)}}`
  )
}

const stateText = (state: string): string => (state === '' ? '' : `"traceState":${quoted(state)},`)

const statusText = (isError: boolean, message: string): string =>
  isError ? `{"code":${ERROR},"message":${quoted(message)}}` : '{}'

interface NamedMethod {
  readonly name: string
  readonly quoted: string
  readonly attributes: string
}

const known: ReadonlyMap<string, NamedMethod> = new Map(
  'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE QUERY'
    .split(' ')
    .map((name) => [name, { name, quoted: `"${name}"`, attributes: write.method(name) }]),
)

/** Other methods are not in names, so that these stay few. */
const methodOf = (method: string): NamedMethod =>
  known.get(method) ?? {
    name: 'HTTP',
    quoted: '"HTTP"',
    attributes: write.method('_OTHER') + write.originalMethod(method),
  }

/** Of a Host field, which has been validated. */
function placeOf(host: string): string {
  const [end = '', port] = /:(\d{1,5})$/.exec(host) ?? []
  const name = host.slice(0, host.length - end.length).replace(/^\[|\]$/g, '')
  return write.server(name) + write.serverPort(port === undefined ? undefined : Number(port))
}

/** As JSON in ASCII. Most text needs no escapes. */
function quoted(text: string): string {
  return /^[ !#-[\]-~]*$/.test(text) ? `"${text}"` : `"${text.replace(/[^ !#-[\]-~]/g, escaped)}"`
}

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** @param ms since 1970, with fractions. */
function nanos(ms: number): string {
  const whole = Math.floor(ms)
  return `${whole}${String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')}`
}
