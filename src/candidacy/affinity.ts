// Rendezvous hashing: all proxies send the requests with one key to the same candidate, without a table; when a candidate
// leaves, only its own keys move. Used by `bySession`.

import type { Node } from '../cluster/node.ts'
import { isActive } from './active.ts'
import type { Candidate } from './candidacy.ts'

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

const hashes: WeakMap<Node, number> = new WeakMap()

function routeHash(node: Node): number {
  let hash = hashes.get(node)
  if (hash === undefined) {
    hash = hashOf(node.route)
    hashes.set(node, hash)
  }
  return hash
}

/** Mixes two hashes so that every bit of either counts (the finalizer of MurmurHash3). */
function score(key: number, node: number): number {
  let hash = Math.imul(key, 0x9e3779b1) ^ node
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * The candidate of a key, as a list: within the domain if any of it is left, and a standby only when all are.
 * @param key as `hashOf` returns it. @param domain '' for none.
 */
export function byKey(
  candidates: readonly Candidate[],
  key: number,
  domain: string,
): readonly Candidate[] {
  const inside = domain === '' ? [] : candidates.filter(({ node }) => node.domain === domain)
  const near = inside.length > 0 ? inside : candidates
  const active = near.filter(({ live }) => isActive(live))
  let best: Candidate | undefined
  let bestScore = -1
  for (const candidate of active.length > 0 ? active : near) {
    const itsScore = score(key, routeHash(candidate.node))
    if (itsScore <= bestScore) continue
    best = candidate
    bestScore = itsScore
  }
  return best?.alone ?? candidates
}
