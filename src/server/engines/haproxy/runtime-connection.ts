// A connection to HAProxy's runtime API in its interactive mode: commands out, one answer each. Every exchange has a
// connection of its own, because one that stays would lead to the old process after a reload.

import { connect, type Socket } from 'node:net'
import { haproxyLimits } from '../../../base/limits.ts'

/** Path of a unix socket, or an address. */
export type RuntimeAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }

/** Ends each answer. */
const prompt = '\n> '

/**
 * The answers in order, without the line ends around them. Rejects with an Error when HAProxy does not give all of them in
 * time, and when the signal aborts.
 */
export function askHaproxy(
  address: RuntimeAddress,
  commands: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ ...address })
    const answers: string[] = []
    let parts: string[] = []
    let length = 0
    const finish = (): void => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', aborted)
    }
    const fail = (reason: string): void => {
      finish()
      socket.destroy()
      reject(new Error(reason))
    }
    const aborted = (): void => fail('the exchange was ended')
    const late = (): void => fail(`HAProxy does not answer within ${haproxyLimits.answerMs} ms`)
    const deadline = setTimeout(late, haproxyLimits.answerMs)
    signal?.addEventListener('abort', aborted)
    socket.setTimeout(haproxyLimits.connectMs, () => fail('HAProxy does not answer'))
    socket.setEncoding('utf8')
    socket.once('error', (error: NodeJS.ErrnoException) => fail(reasonOf(error)))
    socket.once('close', () => fail('HAProxy has closed the connection'))
    socket.once('connect', () => {
      socket.setTimeout(haproxyLimits.pauseMs)
      socket.write(['prompt', ...commands, ''].join('\n'))
    })
    socket.on('data', (chunk: string) => {
      // The prompt may be in two pieces: the end of the one before is searched again.
      let text = (parts.pop() ?? '') + chunk
      for (let end = text.indexOf(prompt); end >= 0; end = text.indexOf(prompt)) {
        answers.push([...parts, text.slice(0, end)].join('').trim())
        parts = []
        text = text.slice(end + prompt.length)
      }
      length += chunk.length
      if (length > haproxyLimits.answerBytesMax) return fail('the answers of HAProxy are too long')
      const tail = Math.max(0, text.length - prompt.length)
      parts.push(text.slice(0, tail), text.slice(tail))
      if (answers.length <= commands.length) return
      finish()
      socket.removeAllListeners('close').removeAllListeners('data')
      socket.end('quit\n')
      // Whether it closes its side, too, does not matter.
      socket.destroySoon()
      // The first answer is that to `prompt`.
      resolve(answers.slice(1))
    })
  })
}

const reasonOf = ({ code, message }: NodeJS.ErrnoException): string => {
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'no HAProxy listens there'
  return code === 'EACCES' ? 'this user may not open the socket' : message
}
