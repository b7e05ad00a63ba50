// Asks a node whether it is there, in the words of `probe-dialect.ts`. One connection for each probe, one
// deadline over all of it. Called by the control service; never throws.

import { connect } from 'node:net'
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
  /** For people: what came, or what went wrong. */
  readonly reason: string
  /** It could not be asked, for want of something in this process: nothing is known. */
  readonly shortage?: boolean
}

export type Probe = (target: ProbeTarget) => Promise<ProbeResult>

export function probe(target: ProbeTarget): Promise<ProbeResult> {
  const dialect = dialectOf(target.type)
  if (dialect === undefined)
    return Promise.resolve({ answered: false, reason: `type ${target.type} is not spoken` })
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const socket = connect({ host: target.host, port: target.port, noDelay: true })
    const end = (answered: boolean, reason: string, shortage = false): void => {
      giveUp()
      socket.destroy()
      resolve(shortage ? { answered, reason, shortage } : { answered, reason })
    }
    const giveUp = runningTimeout(target.timeoutMs, () =>
      end(false, `no answer within ${target.timeoutMs} ms`),
    )
    socket.on('connect', () => socket.write(dialect.request))
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes])
      const isAnswer = dialect.isAnswer(answer)
      if (isAnswer === undefined) return
      end(isAnswer, isAnswer ? 'answered' : `what answers does not speak ${dialect.name}`)
    })
    socket.on('end', () => end(false, 'closed without an answer'))
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(false, error.code ?? error.message, isShortage(error)),
    )
  })
}
