// Exchanges in which the proxy's own sticky cookie matters: one request with its response, without sockets.

import assert from 'node:assert/strict'
import { attempt } from '../../src/forward/stages/attempt.ts'
import { choose } from '../../src/forward/stages/choose.ts'
import { deliver } from '../../src/forward/stages/deliver.ts'
import { outgoing } from '../../src/forward/stages/outgoing.ts'
import type { InsertSettings } from '../../src/proxy/index.ts'
import { defaultInsert } from '../../src/proxy/index.ts'
import {
  type ExchangeGiven,
  exchangeOf,
  type Fixture,
  noReceiver,
  requestText,
  routed,
} from './exchange-fixture.ts'

export interface Told extends ExchangeGiven {
  readonly target?: string
  /** Further lines of the request. */
  readonly fields?: readonly string[]
  readonly cookie?: string
  /** Lines of the response. */
  readonly answer?: readonly string[]
  readonly status?: string
  readonly insert?: Partial<InsertSettings>
  /** Milliseconds since the clock of the fixture began. */
  readonly later?: number
}

export interface Served {
  readonly fixture: Fixture
  /** The node that answered. */
  readonly route: string
  /** The request as the node got it. */
  readonly sent: string
  /** The response head as the client got it. */
  readonly got: string
  /** The pair of the proxy's cookie in the response, as a client returns it; '' when there is none. */
  readonly cookie: string
}

/** A request from its head to the head of its response. */
export function serve(told: Told = {}): Served {
  const { target = '/', fields = [], cookie, answer = [], status = '200 OK', insert, later } = told
  const lines = cookie === undefined ? fields : [...fields, `Cookie: ${cookie}`]
  const request = requestText(`GET ${target} HTTP/1.1`, ...lines)
  const sticky = [{ insert: { ...defaultInsert, ...insert } }]
  const fixture = exchangeOf(request, { sticky, ...told })
  fixture.clock.advance(later ?? 0)
  const { state } = fixture
  routed(fixture)
  const candidate = choose(state.choice, state.traffic.chosenAt)
  assert.ok(candidate !== undefined, 'no node is usable')
  const bytes = Buffer.from(request, 'latin1')
  outgoing(state, candidate, bytes, bytes.length)
  attempt(state, candidate, noReceiver)
  const head = [`HTTP/1.1 ${status}`, ...answer, 'Content-Length: 0', '', ''].join('\r\n')
  const response = Buffer.from(head, 'latin1')
  deliver(state, response, response.length, noReceiver)
  const got = fixture.client.text
  const name = insert?.name ?? defaultInsert.name
  const pair = new RegExp(`^Set-Cookie: (${name}=[\\w-]+);`, 'm').exec(got)?.[1] ?? ''
  return {
    fixture,
    route: candidate.node.route,
    sent: fixture.connections[0]?.text ?? '',
    got,
    cookie: pair,
  }
}

/** The line of the proxy's own cookie; '' when there is none. */
export const stickyLine = ({ got }: Served): string =>
  /^Set-Cookie: TOPSPIN=.*$/m.exec(got)?.[0].trim() ?? ''
