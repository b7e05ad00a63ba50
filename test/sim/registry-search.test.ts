// Searches all interleavings of messages, puts, refusals, watches and faults among proxies that share a registry, up to a
// depth. TOPSPIN_SEARCH=DEPTH searches deeper than `npm test` does.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Bounds, firstState, problemOf, type State, successors } from './shared/model.ts'

const deeper = Number(process.env['TOPSPIN_SEARCH'] ?? 0)

interface Found {
  readonly states: number
  readonly depth: number
  readonly problem?: string
  readonly path: readonly State[]
}

function search(bounds: Bounds, depthMax: number): Found {
  let level: State[] = [firstState(bounds)]
  const from = new Map<string, string | null>([[JSON.stringify(level[0]), null]])
  for (let depth = 0; depth < depthMax && level.length > 0; depth++) {
    const next: State[] = []
    for (const state of level) {
      for (const after of successors(state, bounds)) {
        const key = JSON.stringify(after)
        if (from.has(key)) continue
        from.set(key, deeper > 0 ? null : JSON.stringify(state))
        const problem = problemOf(after)
        if (problem !== undefined)
          return { states: from.size, depth, problem, path: pathTo(key, from) }
        next.push(after)
      }
    }
    level = next
  }
  return { states: from.size, depth: depthMax, path: [] }
}

function pathTo(key: string, from: ReadonlyMap<string, string | null>): readonly State[] {
  const path: State[] = []
  for (let at: string | null = key; at !== null; at = from.get(at) ?? null)
    path.unshift(JSON.parse(at))
  return path
}

const searches: readonly (readonly [what: string, bounds: Bounds, depth: number])[] = [
  ['two nodes and three proxies without faults', { proxies: 3, messages: [2, 2], faults: 0 }, 8],
  ['two nodes and three proxies with one fault', { proxies: 3, messages: [2, 1], faults: 1 }, 7],
  [
    'a node that counts and two proxies, two faults',
    { proxies: 2, messages: [3, 0], faults: 2 },
    8,
  ],
  [
    'a node that does not count and two proxies, two faults',
    { proxies: 2, messages: [0, 3], faults: 2 },
    8,
  ],
]

for (const [what, bounds, depth] of searches) {
  test(`nothing accepted is lost, proxies become equal and no node is shut out: ${what}`, (t) => {
    const { problem, path, states } = search(bounds, depth + deeper)
    t.diagnostic(`${states} states to depth ${depth + deeper}`)
    const steps = path.map((state) => JSON.stringify(state)).join('\n')
    assert.equal(problem, undefined, `${problem}\n${steps}`)
  })
}
