// Applications in processes of their own that ask each other how much room they have, over a group and over a list of hosts:
// a server without room gives requests to those that answer, and to none that is frozen.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeersReport } from '../../../src/peer/status/status-report.ts'
import { freePorts } from '../../support/free-ports.ts'
import { PeerApps } from '../../support/peer-apps.ts'
import { until } from '../../support/until.ts'

const statusPath = '/peers-status'

const getJson = async (port: number, path: string): Promise<unknown> => {
  const headers = { accept: 'application/json' }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
  return response.json()
}

interface Seen {
  readonly present: number
  readonly canBeAsked: number
  /** The counters of its questions. */
  readonly questions: Readonly<Record<string, number>>
  readonly lastQuestion: PeersReport['lastQuestion']
}

async function look(port: number): Promise<Seen> {
  const report = (await getJson(port, statusPath)) as PeersReport
  const present = report.peers.filter(({ state }) => state === 'present' || state === 'self')
  const { counts = {} } = report.counters.find(({ title }) => title === 'Questions') ?? {}
  return {
    present: present.length,
    canBeAsked: present.filter(({ canBeAsked }) => canBeAsked).length,
    questions: counts,
    lastQuestion: report.lastQuestion,
  }
}

/** So many requests of half a second at once. @returns who served them. */
async function burst(port: number, count: number): Promise<Map<string, number>> {
  const served = new Map<string, number>()
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      // One after the other, as clients come.
      await new Promise((resolve) => setTimeout(resolve, 10 * index))
      const { name } = (await getJson(port, '/slow')) as { name: string }
      served.set(name, (served.get(name) ?? 0) + 1)
    }),
  )
  return served
}

for (const [what, key, group] of [
  ['a group, with a key', 'what the peers of this scene share', undefined],
  ['a list of hosts, without a key', '', async () => (await freePorts(3)).map(place).join(',')],
] as const) {
  test(`over ${what}, requests without room here go where there is room, and to no frozen peer`, async (t) => {
    const apps = await PeerApps.make(t, {
      TOPSPIN_STATUS_PATH: statusPath,
      TOPSPIN_PEER_KEY: key,
      ...(key === '' ? { TOPSPIN_INSECURE: 'yes' } : {}),
      ...(group === undefined ? {} : { TOPSPIN_GROUP: await group() }),
    })
    const [a, b, c] = [await apps.start('a'), await apps.start('b'), await apps.start('c')]
    await until(
      'all can be asked',
      async () => (await look(a.port)).canBeAsked === 3,
      20_000,
      a.output,
    )
    const idle = await look(a.port)
    const first = await burst(a.port, 9)
    for (const name of ['a', 'b', 'c']) assert.ok((first.get(name) ?? 0) >= 1, `${[...first]}`)
    const { questions, lastQuestion } = await look(a.port)
    assert.equal(idle.questions['requests'], 0, 'a server with room asks nobody')
    assert.ok((questions['requests'] ?? 0) >= 4 && (questions['answers'] ?? 0) >= 6)
    assert.ok(lastQuestion?.winner !== undefined)
    const given = (await look(b.port)).questions['given'] ?? 0
    assert.ok(given >= 3, `b has answered ${given}`)

    process.kill(c.process.pid ?? 0, 'SIGSTOP')
    t.after(() => process.kill(c.process.pid ?? 0, 'SIGCONT'))
    const second = await burst(a.port, 9)
    assert.equal(second.get('c'), undefined, `${[...second]}`)
    assert.ok((second.get('b') ?? 0) >= 2, `${[...second]}`)
  })
}

const place = (port: number): string => `127.0.0.1:${port}`
