// What a server that hands over can be told, beyond its membership: how it chooses, whom it trusts, how long it
// waits. All problems are told at once, before anything is sent.

import { createSecretKey, type KeyObject } from 'node:crypto'
import { TopspinError } from '../base/errors.ts'
import type { UserCandidacy } from '../candidacy/candidacy.ts'
import type { CascadeEntry } from '../candidacy/cascades.ts'
import { peerCascade } from '../candidacy/index.ts'
import { cascadeProblem, splitCascade } from '../candidacy/read.ts'
import { loadPolicies, type Timeouts } from '../forward/index.ts'
import type { NodeTlsOptions } from '../net/node-tls.ts'
import type { PeerOptions } from './membership/options.ts'

export interface PeersOptions extends PeerOptions {
  /**
   * How a peer is chosen for each request: candidacy functions in a row, as a list or with commas between.
   * `off`: everything is served here. Default: `byAge 5, byRandom, byLogWindow, addSelf, byDelay`.
   */
  readonly candidacy?: string | readonly string[]
  /** Paths with functions of their own, which replace `candidacy` there and below. */
  readonly balance?: readonly {
    readonly path: string
    readonly candidacy: string | readonly string[]
  }[]
  /**
   * Functions of your own that the lists above name as `./FILE.js#NAME`, by exactly that. `joinPeers` loads them
   * itself from these files when this is not given.
   */
  readonly policies?: ReadonlyMap<string, UserCandidacy>
  /**
   * Milliseconds: `connectMs` (default 1000) until a peer takes the connection, `responseHeadMs` (60 000) from
   * the end of a request to the head of its answer, `responseBodyMs` (60 000) between two pieces of the answer,
   * `tunnelMs` (an hour) of a WebSocket in which nothing moves, `sendMs` (300 000) of a client that takes nothing.
   */
  readonly timeouts?: Partial<
    Pick<Timeouts, 'connectMs' | 'responseHeadMs' | 'responseBodyMs' | 'tunnelMs' | 'sendMs'>
  >
  /** Whose certificates are believed of peers that announce `https`. Default: those that Node.js knows. */
  readonly peerTls?: NodeTlsOptions
  /** Where this server shows what it knows of its peers, as a page or as JSON; never handed over. Default: nowhere. */
  readonly statusPath?: string
  /** Addresses and networks that may see it. Default: this machine. */
  readonly statusFrom?: readonly string[]
}

/** @throws TopspinError BAD_OPTION that names every bad function and path. */
export function cascadeEntries({
  candidacy,
  balance = [],
}: Pick<PeersOptions, 'candidacy' | 'balance'>): readonly CascadeEntry[] {
  const entries = [{ path: '/', candidacy: candidacy ?? peerCascade }, ...balance].map(
    ({ path, candidacy: given }) => ({
      path,
      candidacy: typeof given === 'string' ? splitCascade(given) : given,
    }),
  )
  const problems = entries.flatMap(({ path, candidacy: list }) => {
    const problem = path.startsWith('/') ? cascadeProblem(list) : 'a path begins with a slash'
    return problem === undefined ? [] : [`candidacy for ${path}: ${problem}`]
  })
  if (problems.length === 0) return entries
  throw new TopspinError('BAD_OPTION', problems.join('; '), { side: 'proxy', phase: 'control' })
}

/** @throws TopspinError when a module cannot be loaded. */
export async function policiesOf(
  options: Omit<PeersOptions, 'address'>,
): Promise<ReadonlyMap<string, UserCandidacy>> {
  return options.policies ?? (await loadPolicies(cascadeEntries(options)))
}

/** Secrets shared by all peers, the one that signs first. */
export const secretsOf = ({ key }: Pick<PeerOptions, 'key'>): readonly string[] =>
  typeof key === 'string' ? [key] : (key ?? [])

/** The same as keys for the marks of requests. */
export const markKeys = (options: Pick<PeerOptions, 'key'>): readonly KeyObject[] =>
  secretsOf(options).map((secret) => createSecretKey(secret, 'utf8'))
