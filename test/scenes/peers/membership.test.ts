// Who is there among peers: processes that come, leave, die, freeze and come back, over a multicast group
// and a list of hosts on the loopback interface, and over a network that loses half of what is said.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { freePorts } from '../../support/free-ports.ts'
import { Members } from '../../support/members.ts'
import { until } from '../../support/until.ts'

const key = 'what the peers of this scene share'
const periodMs = 1_000
/** Three periods, and what asking and a busy machine may add. */
const threePeriods = 3 * periodMs + 1_000

async function group(): Promise<{ group: string; interface: string }> {
  const [port] = await freePorts(1)
  return { group: `239.255.77.1:${port}`, interface: '127.0.0.1' }
}

async function hosts(): Promise<{ group: string[] }> {
  return { group: (await freePorts(4)).map((port) => `127.0.0.1:${port}`) }
}

for (const [way, places] of [
  ['a multicast group', group],
  ['a list of hosts', hosts],
] as const) {
  test(`over ${way}, joins, goodbyes, crashes, freezes and returns are noticed within three periods`, async (t) => {
    const members = new Members(t, { ...(await places()), key, periodMs })
    for (const name of ['a', 'b', 'c']) members.start(name)
    await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])

    members.start('d')
    await members.agree(['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'])

    members.signal('d', 'leave')
    const left = await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])
    assert.ok(left < periodMs, `gone after ${left} ms`)

    members.signal('c', 'SIGKILL')
    const died = await members.agree(['a', 'b'], ['a', 'b'])
    assert.ok(died < threePeriods, `dead after ${died} ms`)

    members.start('c')
    await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])

    members.signal('b', 'SIGSTOP')
    const frozen = await members.agree(['a', 'c'], ['a', 'c'])
    assert.ok(frozen < threePeriods, `frozen after ${frozen} ms`)

    members.signal('b', 'SIGCONT')
    const back = await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])
    assert.ok(back < threePeriods, `back after ${back} ms`)
    // It was away itself, so it finds nobody silent.
    assert.ok(!(await members.ask('b')).events.includes('silent a'))
    const { events } = await members.ask('a')
    const ofB = events.filter((event) => event.endsWith(' b'))
    assert.deepEqual(ofB, ['joined b', 'silent b', 'back b'])
  })
}

test('the same holds in a network that loses half, duplicates and reorders', async (t) => {
  const common = { ...(await group()), key, periodMs }
  const members = new Members(t, common)
  const lossy = (seed: number) => ({ lossiness: { seed, lost: 0.5, doubled: 0.3, lateMs: 400 } })
  for (const [i, name] of ['a', 'b', 'c'].entries()) members.start(name, lossy(i + 1))
  await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])

  members.start('d', lossy(9))
  await members.agree(['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'])

  // Nobody is missed while all are there, for many periods.
  await pause(12 * periodMs)
  for (const name of ['a', 'b', 'c', 'd']) {
    const { events, refused, said } = await members.ask(name)
    assert.deepEqual(
      events.filter((event) => event.startsWith('silent')),
      [],
      name,
    )
    assert.ok((refused['double'] ?? 0) > 0 && (refused['late'] ?? 0) > 0, JSON.stringify(refused))
    assert.ok(said > 60, `${name} has noticed what gets lost, and said ${said}`)
  }

  members.signal('d', 'SIGKILL')
  const died = await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])
  assert.ok(died < threePeriods, `dead after ${died} ms`)

  members.signal('c', 'leave')
  const left = await members.agree(['a', 'b'], ['a', 'b'])
  assert.ok(left < threePeriods, `gone after ${left} ms`)
})

test('without losses each peer announces itself once a period', async (t) => {
  const members = new Members(t, { ...(await group()), key, periodMs: 500 })
  for (const name of ['a', 'b']) members.start(name)
  await members.agree(['a', 'b'], ['a', 'b'])
  await pause(3_000)
  const [before, begun] = [(await members.ask('a')).said, performance.now()]
  await pause(5_000)
  const said = (await members.ask('a')).said - before
  const periods = (performance.now() - begun) / 500
  // Each wait is up to a tenth shorter than the period.
  assert.ok(said >= 0.7 * periods && said <= periods / 0.9 + 2, `${said} in ${periods} periods`)
})

test('another key or no key makes another cluster on the same group', async (t) => {
  const place = await group()
  const members = new Members(t, { ...place, periodMs })
  members.start('a', { key })
  members.start('b', { key: ['a new key of the cluster', key] })
  members.start('c', { key: 'the key of another cluster' })
  members.start('d')
  await members.agree(['b'], ['a', 'b'])
  for (const name of ['a', 'c']) {
    await until(`${name} has heard the others`, async () => {
      const { refused } = await members.ask(name)
      return (refused['unknown-key'] ?? 0) > 3 && (refused['unsigned'] ?? 0) > 3
    })
    await members.agree([name], [name])
  }
})
