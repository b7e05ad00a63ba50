// The states of a client's connection, and which state may follow which.

/**
 * - `idle`: between requests.
 * - `head`: a part of a request's head has arrived.
 * - `busy`: an exchange is under way.
 * - `finishing`: the connection is being closed or cut, and nothing more is read.
 * - `lingering`: the last answer has been sent; what still arrives is discarded, so that the client can read that answer
 *   before the connection is closed [RFC 9112 9.6].
 * - `tunnel`: the connection is joined to one of a node, after an upgrade.
 * - `barred`: the client has not shown a valid certificate, so its first request is refused.
 * - `http2`: the client speaks HTTP/2 (http2-connection.ts).
 * - `away`: another reader parses and answers requests: the HTTP server of a peer.
 * - `closed`: the connection is closed, or belongs to the other reader for good.
 */
export type ClientState =
  | 'idle'
  | 'head'
  | 'busy'
  | 'finishing'
  | 'lingering'
  | 'tunnel'
  | 'barred'
  | 'http2'
  | 'away'
  | 'closed'

/** A remote side can close the connection in any state, so `closed` may follow all others. */
const followers: Readonly<Record<ClientState, readonly ClientState[]>> = {
  idle: ['head', 'busy', 'barred', 'finishing', 'http2', 'away', 'closed'],
  head: ['busy', 'finishing', 'lingering', 'http2', 'away', 'closed'],
  busy: ['idle', 'finishing', 'lingering', 'tunnel', 'away', 'closed'],
  finishing: ['closed'],
  lingering: ['closed'],
  tunnel: ['closed'],
  barred: ['lingering', 'http2', 'closed'],
  http2: ['closed'],
  away: ['idle', 'closed'],
  closed: [],
}

/** On in the tests of this project (scripts/test.js). Where it is off a step is not checked and costs nothing. */
export const checksSteps: boolean = process.env['TOPSPIN_CHECK_STATES'] === '1'

/** @throws Error for a step that the table above does not have: a bug of ours. */
export function checkStep(from: ClientState, to: ClientState): void {
  if (!followers[from].includes(to))
    throw new Error(`a client connection went from ${from} to ${to}`)
}
