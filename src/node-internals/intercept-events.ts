// Sees the events of a server, or of the process, before their listeners do, and can keep events from them. The
// listeners stay as they are, in number and order: an `upgrade` listener of ours, for one, would change what Node.js
// does with upgrades. Used by the agent, by peers and for signals.
//
// Relies on Node.js emitting by `emitter.emit`, looked up at each event.

import type { EventEmitter } from 'node:events'
import { createServer } from 'node:http'
import { Duplex } from 'node:stream'

/** @returns true to keep the event from the listeners. Takes three arguments of the event: none of HTTP's has more. */
type Intercept = (
  event: string | symbol,
  first: unknown,
  second: unknown,
  third: unknown,
) => boolean

export interface Interception {
  /** Emits past the interception: to the listeners, and to those who intercepted before. */
  emit(event: string | symbol, ...args: readonly unknown[]): boolean
  /** Ends the interception; safe in any order with others on the same emitter. */
  end(): void
}

export function interceptEvents(emitter: EventEmitter, intercept: Intercept): Interception {
  const { emit } = emitter
  let isOver = false
  const intercepting = function (
    this: EventEmitter,
    event: string | symbol,
    first?: unknown,
    second?: unknown,
    third?: unknown,
  ): boolean {
    if (!isOver && intercept(event, first, second, third)) return true
    // biome-ignore lint/complexity/noArguments: every request passes here, and this makes no array.
    return Reflect.apply(emit, this, arguments)
  } as EventEmitter['emit']
  emitter.emit = intercepting
  return {
    emit: (event, ...args) => Reflect.apply(emit, emitter, [event, ...args]),
    end() {
      isOver = true
      // Another interception on top of this one stays, and passes through here.
      if (emitter.emit === intercepting) emitter.emit = emit
    },
  }
}

/** Whether an HTTP server emits its requests this way. */
export function probeInterceptEvents(): boolean {
  const server = createServer()
  let isSeen = false
  interceptEvents(server, (event) => {
    isSeen ||= event === 'request'
    return event === 'request'
  })
  const connection = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() })
  server.emit('connection', connection)
  connection.emit('data', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  connection.destroy()
  return isSeen
}
