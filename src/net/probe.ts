// Probes a node: one connection, one question and answer (probe-dialect.ts), one deadline over all of it. Used by
// the control service.

import { connect, type Socket } from 'node:net'
import tls from 'node:tls'
import { tlsProblem } from './connect-problem.ts'
import { NodeTls } from './node-tls.ts'
import { dialectOf } from './probe-dialect.ts'
import { runningTimeout } from './running-timeout.ts'
import { isShortage } from './shortage.ts'

export interface ProbeTarget {
  readonly host: string
  readonly port: number
  readonly type: string
  readonly timeoutMs: number
}

export interface ProbeResult {
  readonly answered: boolean
  /** For the log and the status page. */
  readonly reason: string
  /** This process lacked a resource, so the result says nothing about the node. */
  readonly shortage?: boolean
}

/** Never rejects. */
export type Probe = (target: ProbeTarget) => Promise<ProbeResult>

/** @param nodeTls called for each probe, because a reload may replace it. */
export function probeWith(nodeTls: () => NodeTls): Probe {
  return (target) => probeNode(target, nodeTls)
}

let defaultTls: NodeTls | undefined

/** With the authorities that Node.js trusts. */
export const probe: Probe = probeWith(() => {
  defaultTls ??= new NodeTls()
  return defaultTls
})

function probeNode(target: ProbeTarget, nodeTls: () => NodeTls): Promise<ProbeResult> {
  const dialect = dialectOf(target.type)
  if (dialect === undefined)
    return Promise.resolve({ answered: false, reason: `type ${target.type} is not supported` })
  const secure = target.type === 'https' || target.type === 'wss'
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const { host, port } = target
    const socket = secure ? dialSecure(target, nodeTls()) : connect({ host, port, noDelay: true })
    const end = (answered: boolean, reason: string, shortage = false): void => {
      giveUp()
      socket.destroy()
      resolve(shortage ? { answered, reason, shortage } : { answered, reason })
    }
    const giveUp = runningTimeout(target.timeoutMs, () =>
      end(false, `no answer within ${target.timeoutMs} ms`),
    )
    socket.on(secure ? 'secureConnect' : 'connect', () => socket.write(dialect.request))
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes])
      const isAnswer = dialect.isAnswer(answer)
      if (isAnswer === undefined) return
      end(isAnswer, isAnswer ? 'answered' : `the port does not speak ${dialect.name}`)
    })
    socket.on('end', () => end(false, 'closed without an answer'))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(false, tlsProblem(error, 'nodeTls') ?? error.code ?? error.message, isShortage(error)),
    )
  })
}

function dialSecure({ host, port }: ProbeTarget, nodeTls: NodeTls): Socket {
  const socket = tls.connect(nodeTls.dialOptions(host, port))
  socket.on('session', (session) => nodeTls.remember(host, port, session))
  socket.prependOnceListener('secureConnect', () => {
    const problem = nodeTls.problemWith(socket)
    if (problem !== undefined) socket.destroy(problem)
  })
  return socket
}
