// Probes a node: one connection, at most one question and answer (probe-dialect.ts), one deadline over all of it. Used
// by the control service and by peers.

import { connect, type LookupFunction, type Socket } from 'node:net'
import tls from 'node:tls'
import { TopspinError } from '../base/errors.ts'
import { probeLimits } from '../base/limits.ts'
import type { ProbeOutcome } from '../cluster/health.ts'
import type { HealthCheck, ProbeKind } from '../cluster/health-check.ts'
import { isForwardable, isHttp2, isSecure } from '../cluster/node.ts'
import type { OwnSettings } from '../cluster/own-settings.ts'
import { nodeTlsSettings, tlsProblem } from './connect-problem.ts'
import { dialBelow } from './dial-below.ts'
import { dialPlace } from './dial-place.ts'
import { NodeTls } from './node-tls.ts'
import {
  cping,
  type Dialect,
  grpcDialect,
  http2Dialect,
  httpDialect,
  httpOverHttp2,
} from './probe-dialect.ts'
import { runningTimeout } from './running-timeout.ts'
import { isQueueFull, isShortage } from './shortage.ts'

export interface ProbeTarget extends Pick<HealthCheck, 'question'> {
  /** For `grpc`. Default: the server as a whole. */
  readonly service?: string | undefined
  readonly host: string
  readonly port: number
  readonly type: string
  /** `tcp`: the node accepts a connection. On a type with TLS the handshake must not fail. */
  readonly probe: Exclude<ProbeKind, 'none'>
  readonly timeoutMs: number
  /** For a host that is a name. Default: that of the system. */
  readonly lookup?: LookupFunction | undefined
  /** Of a fixed node, for TLS. */
  readonly own?: OwnSettings | undefined
}

export interface ProbeResult extends ProbeOutcome {
  /** Missing at the deadline. The node may be busy. */
  readonly late?: 'connection' | 'answer'
  /** This process lacked a resource, so the result is no evidence about the node. */
  readonly shortage?: boolean
  /** The shortage is that of a resolver: the node's name has no known address. */
  readonly unresolved?: boolean
}

/** Never rejects. */
export type Probe = (target: ProbeTarget) => Promise<ProbeResult>

/** @param nodeTls called for each probe, because a reload may replace it. @param first default: none. */
export function probeWith(nodeTls: () => NodeTls, first: FirstBytes = () => undefined): Probe {
  return (target) => probeNode(target, nodeTls, first(target))
}

/** The bytes that begin a connection to a target, before TLS. */
type FirstBytes = (target: ProbeTarget) => Buffer | undefined

let defaultTls: NodeTls | undefined

/** With the authorities that Node.js trusts. */
export const probe: Probe = probeWith(() => {
  defaultTls ??= new NodeTls()
  return defaultTls
})

function probeNode(
  target: ProbeTarget,
  nodeTls: () => NodeTls,
  first: Buffer | undefined,
): Promise<ProbeResult> {
  if (!isForwardable(target))
    return Promise.resolve({ answered: false, reason: `type ${target.type} is not supported` })
  const dialect = dialectOf(target)
  const secure = isSecure(target)
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    let isConnected = false
    const { timeoutMs } = target
    const socket = secure ? dialSecure(target, nodeTls().of(target.own), first) : dialPlain(target)
    const end = (result: ProbeResult): void => {
      cancelTimeout()
      socket.destroy()
      resolve(result)
    }
    const cancelTimeout = runningTimeout(timeoutMs, () => end(late(target, isConnected)))
    socket.on('connect', () => {
      isConnected = true
    })
    socket.on(secure ? 'secureConnect' : 'connect', () => {
      if (first !== undefined && !secure) socket.write(first)
      if (dialect !== undefined) socket.write(dialect.request)
      // With TLS 1.3 a node refuses the client certificate after the handshake.
      else if (secure) socket.end()
      else end(connected)
    })
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes])
      const verdict = dialect?.verdict(answer)
      if (verdict !== undefined) end(verdict)
      else if (answer.length > probeLimits.answerBytesMax)
        end({ answered: false, reason: `no final response in ${answer.length} bytes` })
    })
    socket.on('end', () => end(socket.writableEnded ? connected : cutOff))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const reason = tlsProblem(error, nodeTlsSettings) ?? reasonOf(error)
      const unresolved = error.syscall === 'getaddrinfo'
      if (isShortage(error)) end({ answered: false, reason, shortage: true, unresolved })
      // The node is as busy as one whose answer is late.
      else if (isQueueFull(error)) end({ answered: false, reason, late: 'answer' })
      else end({ answered: false, reason, unreachable: !isConnected || secure })
    })
  })
}

const connected: ProbeResult = { answered: true, reason: 'connected' }
const cutOff: ProbeResult = { answered: false, reason: 'closed without an answer' }

function late({ probe: kind, timeoutMs }: ProbeTarget, isConnected: boolean): ProbeResult {
  if (!isConnected)
    return { answered: false, reason: `no connection within ${timeoutMs} ms`, late: 'connection' }
  // A server with one thread does not reply to the handshake either while it is busy.
  if (kind === 'tcp') return connected
  return { answered: false, reason: `no answer within ${timeoutMs} ms`, late: 'answer' }
}

/** `undefined` when the connection is the answer. */
function dialectOf(target: ProbeTarget): Dialect | undefined {
  const { probe: kind, question, service = '' } = target
  switch (kind) {
    case 'tcp':
      return undefined
    case 'cping':
      return cping
    case 'http2':
      return http2Dialect
    case 'grpc':
      return grpcDialect(service, question.host, target, isSecure(target))
    case 'http':
      if (isHttp2(target)) return httpOverHttp2(question, target, isSecure(target))
      return httpDialect(question, target)
  }
}

/** Of an error of the system the code, which is shorter. */
const reasonOf = (error: NodeJS.ErrnoException): string =>
  error instanceof TopspinError ? error.message : (error.code ?? error.message)

const dialPlain = ({ host, port, lookup }: ProbeTarget): Socket =>
  connect({ ...dialPlace(host, port), noDelay: true, ...(lookup === undefined ? {} : { lookup }) })

function dialSecure(
  { host, port, type, lookup, probe: kind }: ProbeTarget,
  nodeTls: NodeTls,
  first: Buffer | undefined,
): Socket {
  const either = nodeTls.http2 && kind === 'tcp' ? ['h2', 'http/1.1'] : undefined
  const protocols = isHttp2({ type }) ? ['h2'] : either
  const options = Object.assign(nodeTls.dialOptions(host, port, protocols), { lookup })
  const socket = tls.connect(first === undefined ? options : dialBelow(options, first))
  socket.on('session', (session) => nodeTls.remember(host, port, session))
  socket.prependOnceListener('secureConnect', () => {
    const problem = nodeTls.problemWith(socket)
    if (problem !== undefined) socket.destroy(problem)
  })
  return socket
}
