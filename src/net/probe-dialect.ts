// The protocols of probes: the bytes of a question, and what the bytes of an answer mean (mcmp.md 2.5). Pure.

import { type HostPort, hostPortText } from '../base/host-port.ts'
import { isUnixAddress } from '../base/unix-address.ts'
import type { HttpQuestion } from '../cluster/health-rule.ts'
import { type ProbeAnswer, probeBytes, readProbeAnswer } from '../wire/http2/probe-exchange.ts'

export interface Dialect {
  readonly request: Uint8Array
  /** The result of the bytes received so far; `undefined` while more are needed. */
  verdict(bytes: Buffer): Verdict | undefined
}

interface Verdict {
  readonly answered: boolean
  readonly reason: string
}

const answered: Verdict = { answered: true, reason: 'answered' }

/** CPING and CPONG. */
export const cping: Dialect = {
  request: Buffer.from([0x12, 0x34, 0x00, 0x01, 0x0a]),
  verdict(bytes) {
    const begins = beginsWith(bytes, cpong)
    if (begins === false) return { answered: false, reason: 'the port does not speak AJP' }
    return begins ? answered : undefined
  },
}

const cpong = Buffer.from([0x41, 0x42, 0x00, 0x01, 0x09])
const version = Buffer.from('HTTP/1.')
/** `HTTP/1.1 200` */
const statusLineMin = 12

const ownHost = (address: HostPort): string =>
  isUnixAddress(address.host) ? 'localhost' : hostPortText(address)

/** A request, and the statuses of its final response that are an answer. */
export function httpDialect(
  { method, path, host, expect }: HttpQuestion,
  address: HostPort,
): Dialect {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host === '' ? ownHost(address) : host}`,
    'User-Agent: topspin',
    'Connection: close',
  ]
  const verdict = (bytes: Buffer): Verdict | undefined => {
    const begins = beginsWith(bytes, version)
    if (begins === false) return { answered: false, reason: 'the port does not speak HTTP' }
    if (begins === undefined || bytes.length < statusLineMin) return undefined
    const status = Number(bytes.toString('latin1', 9, statusLineMin))
    if (status >= 100 && status < 200 && status !== switchingProtocols) {
      const end = bytes.indexOf('\r\n\r\n')
      return end < 0 ? undefined : verdict(bytes.subarray(end + 4))
    }
    if (expect.some(([low, high]) => status >= low && status <= high)) return answered
    return { answered: false, reason: `${method} ${path} was answered by status ${status}` }
  }
  return { request: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), verdict }
}

const switchingProtocols = 101

/** A server that speaks HTTP/2 sends its SETTINGS. */
export const http2Dialect: Dialect = {
  request: probeBytes(undefined, false),
  verdict(bytes) {
    const { speaksHttp2, isInvalid } = readProbeAnswer(bytes)
    if (isInvalid) return notHttp2
    return speaksHttp2 ? answered : undefined
  },
}

const notHttp2: Verdict = { answered: false, reason: 'the port does not speak HTTP/2' }

/** The same as `httpDialect` over HTTP/2. */
export function httpOverHttp2(
  { method, path, host, expect }: HttpQuestion,
  address: HostPort,
  isSecure: boolean,
): Dialect {
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host === '' ? ownHost(address) : host}\r\nUser-Agent: topspin\r\n\r\n`
  return {
    request: probeBytes(head, isSecure),
    verdict(bytes) {
      const { status, isInvalid, isRefused } = readProbeAnswer(bytes)
      if (isInvalid) return notHttp2
      if (status < 200)
        return isRefused ? { answered: false, reason: `${method} ${path} was refused` } : undefined
      if (expect.some(([low, high]) => status >= low && status <= high)) return answered
      return { answered: false, reason: `${method} ${path} was answered by status ${status}` }
    },
  }
}

const checkPath = '/grpc.health.v1.Health/Check'

/** Of `HealthCheckResponse.ServingStatus`. */
const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/** The health check of gRPC (grpc/health/v1/health.proto). @param service '' for the server as a whole. */
export function grpcDialect(
  service: string,
  host: string,
  address: HostPort,
  isSecure: boolean,
): Dialect {
  const head = [
    `POST ${checkPath} HTTP/1.1`,
    `Host: ${host === '' ? ownHost(address) : host}`,
    'Content-Type: application/grpc',
    'User-Agent: topspin',
  ]
  const name = Buffer.from(service)
  // HealthCheckRequest { string service = 1; }
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name])
  const body = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
  return {
    request: probeBytes(`${head.join('\r\n')}\r\n\r\n`, isSecure, body),
    verdict(bytes) {
      const answer = readProbeAnswer(bytes)
      if (answer.isInvalid) return notHttp2
      if (answer.isRefused) return { answered: false, reason: 'the health check was refused' }
      return answer.hasEnded ? servingVerdict(answer) : undefined
    },
  }
}

function servingVerdict({ status, fields, body }: ProbeAnswer): Verdict {
  const code = fields.get('grpc-status')
  if (status !== 200 || code === undefined)
    return { answered: false, reason: `the health check was answered by status ${status}` }
  if (code === '5') return { answered: false, reason: 'the node does not know this service' }
  if (code === '12') return { answered: false, reason: 'the node has no grpc.health.v1.Health' }
  if (code !== '0')
    return { answered: false, reason: `the health check was answered by grpc-status ${code}` }
  // HealthCheckResponse { ServingStatus status = 1; }, which is UNKNOWN when it is not there.
  const serving = body[5] === 0x08 ? (body[6] ?? 0) : 0
  if (serving === 1) return answered
  return { answered: false, reason: `the node is ${servingStatuses[serving] ?? serving}` }
}

/** `undefined` while the bytes end before the beginning is complete. */
function beginsWith(bytes: Buffer, beginning: Buffer): boolean | undefined {
  const length = Math.min(bytes.length, beginning.length)
  if (bytes.compare(beginning, 0, length, 0, length) !== 0) return false
  return length === beginning.length ? true : undefined
}
