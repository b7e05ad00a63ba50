import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '../../../src/cluster/context.ts'
import { LiveTable, type NodeLive } from '../../../src/cluster/live.ts'
import type { Node } from '../../../src/cluster/node.ts'
import { servedApplications } from '../../../src/cluster/served.ts'
import { applyChanges, type Change, emptySnapshot } from '../../../src/cluster/snapshot.ts'
import { balancerOf, contextOf, nodeOf, ownOf } from '../../support/cluster-fixture.ts'

interface Given {
  readonly node?: Partial<Node>
  readonly contexts?: readonly Partial<Context>[]
  readonly live?: Partial<NodeLive>
  readonly weight?: number
}

const down = { kind: 'down', since: 0, probes: 1, probeAt: 0, reason: 'refused' } as const

/** `alias path: route state weight tier, ...` for each application. */
function served(given: readonly Given[], useAlias: boolean = false): string[] {
  const live = new LiveTable()
  const changes: Change[] = [{ kind: 'balancer', balancer: balancerOf() }]
  for (const [at, { node, contexts = [{}], live: numbers, weight }] of given.entries()) {
    const id = at + 1
    changes.push({ kind: 'node', node: nodeOf(id, node) })
    changes.push({
      kind: 'contexts',
      id,
      contexts: contexts.map((each) => ({ ...contextOf('/'), ...each })),
    })
    if (weight !== undefined)
      changes.push({ kind: 'orders', orders: { route: `n${id}`, contexts: [], weight } })
    Object.assign(live.of(id), numbers)
  }
  return servedApplications(applyChanges(emptySnapshot, changes), live, useAlias).map(
    ({ alias, path, nodes }) =>
      `${alias} ${path}/: ${nodes
        .map(
          ({ node, state, weight: share, isStandby }) =>
            `${node.route} ${state} ${share}${isStandby ? ' standby' : ''}`,
        )
        .join(', ')}`,
  )
}

const rows: readonly (readonly [what: string, given: readonly Given[], result: string])[] = [
  ['a load factor is the weight', [{ live: { loadFactor: 73 } }], 'n1 on 73'],
  ['a node without a report has half of the weight', [{}], 'n1 on 50'],
  ['the load factor 0 is a standby', [{ live: { loadFactor: 0 } }], 'n1 on 1 standby'],
  ['a silent node is a standby', [{ live: { loadFactor: 9, silent: true } }], 'n1 on 9 standby'],
  ['the load factor -1 keeps sessions', [{ live: { loadFactor: -1 } }], 'n1 off 1'],
  ['DISABLED keeps sessions', [{ contexts: [{ status: 'DISABLED' }] }], 'n1 off 50'],
  ['STOPPED is left out, and the context stays known', [{ contexts: [{ status: 'STOPPED' }] }], ''],
  ['a node in removal is left out', [{ node: { removal: 'marked' } }, {}], 'n2 on 50'],
  ['a node of another type is left out', [{ node: { type: 'scgi' } }, {}], 'n2 on 50'],
  ['a node that is down is left out', [{ live: { health: down } }, {}, {}], 'n2 on 50, n3 on 50'],
  [
    'when more than half are down all stay in',
    [{ live: { health: down } }, { live: { health: down } }, {}],
    'n1 on 50, n2 on 50, n3 on 50',
  ],
  ['a weight of an operator divides', [{ live: { loadFactor: 80 }, weight: 10 }], 'n1 on 8'],
  [
    'a fixed node has its own weight, and a backup is a standby',
    [
      { node: { own: ownOf({ weight: 7 }) } },
      { node: { own: ownOf({ backup: true, weight: 7 }) } },
    ],
    'n1 on 7, n2 on 7 standby',
  ],
]

for (const [what, given, result] of rows)
  test(`${what}, for other proxies`, () => assert.deepEqual(served(given), [`* /: ${result}`]))

test('contexts are told apart by path, and by alias only where aliases count', () => {
  const given = [
    {
      contexts: [
        { path: '/', alias: 'A.test' },
        { path: '/shop/', alias: 'a.test' },
      ],
    },
    {
      contexts: [
        { path: '/shop', alias: 'b.test' },
        { path: 'shop', alias: 'c.test', status: 'STOPPED' },
      ],
    },
  ] as const
  assert.deepEqual(served(given), ['* /: n1 on 50', '* /shop/: n1 on 50, n2 on 50'])
  assert.deepEqual(served(given, true), [
    'a.test /: n1 on 50',
    'a.test /shop/: n1 on 50',
    'b.test /shop/: n2 on 50',
    'c.test /shop/: ',
  ])
})
