// The watch over nodes, on a clock set by hand.

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { defaultHealthLimits, onAnswerFailed } from '../../../src/cluster/health.ts'
import type { HealthRule } from '../../../src/cluster/health-rule.ts'
import { LiveTable } from '../../../src/cluster/live.ts'
import { Registry } from '../../../src/cluster/registry.ts'
import type { Change } from '../../../src/cluster/snapshot.ts'
import { controlSettings } from '../../../src/control/options.ts'
import { Watch } from '../../../src/control/watch.ts'
import type { ProbeResult } from '../../../src/net/probe.ts'

let now: number
let up: boolean
/** Whether the probe itself throws. */
let broken: boolean
let probes: number
/** Ports of the nodes that were probed. */
let asked: Set<number>
/** Until when a probe lasts. */
let held: () => Promise<void>
/** Of a probe while the node is not up. */
let failure: Omit<ProbeResult, 'answered'>
let rules: readonly HealthRule[]
let changes: Change[]
/** Nodes of which the traffic was notified. */
let notified: number[]
let live: LiveTable
let registry: Registry
let watch: Watch

beforeEach(() => {
  now = 0
  up = true
  broken = false
  probes = 0
  asked = new Set()
  held = () => Promise.resolve()
  failure = { reason: 'ECONNREFUSED', unreachable: true }
  rules = []
  changes = []
  notified = []
  live = new LiveTable()
  registry = new Registry({ runId: '1' })
  watch = new Watch(
    controlSettings({
      listen: { host: '', port: 0 },
      registry,
      live,
      clock: { now: () => now, wall: () => now },
      random: () => 0.5,
      traffic: {
        apply: (made) => void changes.push(...made),
        notify: (id) => void notified.push(id),
      },
      watch: {
        rules: () => rules,
        probe: async ({ port }) => {
          asked.add(port)
          await held()
          probes += 1
          if (broken) return Promise.reject(new Error('a fault of ours'))
          return Promise.resolve(
            up ? { answered: true, reason: 'connected' } : { ...failure, answered: false },
          )
        },
      },
    }),
  )
  register('http')
})

function register(type: string, route = 'a', port = 80): void {
  registry.apply(
    { method: 'CONFIG', route, host: '127.0.0.1', port, type, aliases: [], contexts: [] },
    { now, answers: new Map(), live: (id) => live.of(id) },
  )
}

/** Advances the clock in steps of 100 ms, as the timer does. */
async function pass(ms: number): Promise<void> {
  for (const end = now + ms; now < end; ) {
    now += 100
    watch.step()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const node = () => live.of(1)

describe('an idle node', () => {
  test('is probed every 5 s', async () => {
    await pass(20_100)
    assert.equal(probes, 4)
  })

  test('is not probed while bytes are read from it', async () => {
    for (let second = 0; second < 20; second += 1) {
      node().bytesRead += 1
      await pass(1_000)
    }
    assert.equal(probes, 0)
  })

  test('of an unsupported type is not probed', async () => {
    register('gopher')
    now += 5_000
    register('gopher')
    assert.equal(registry.snapshot.nodes.get(2)?.type, 'gopher')
    await pass(10_000)
    assert.equal(probes, 0)
  })

  test('that does not answer is down, and is probed again at growing intervals', async () => {
    up = false
    await pass(5_200)
    assert.equal(node().health.kind, 'down')
    await pass(2_000)
    assert.ok(probes >= 3 && probes <= 5, `${probes} probes`)
  })

  test('that answers again is up, and its score is aligned', async () => {
    up = false
    await pass(8_000)
    assert.deepEqual(notified, [1], 'once, not with each probe')
    const { epoch } = node()
    up = true
    await pass(10_000)
    assert.deepEqual(notified, [1, 1])
    assert.equal(node().health.kind, 'up')
    assert.equal(node().epoch, epoch + 1)
  })

  test('that is down is not removed because this process was suspended', async () => {
    up = false
    await pass(10_000)
    now += 600_000
    await pass(10_000)
    assert.equal(node().health.kind, 'down')
    assert.equal(registry.snapshot.nodes.get(1)?.removal, 'none')
  })

  test('that has been down for more than 60 idle periods is removed', async () => {
    up = false
    await pass(300_000)
    assert.equal(registry.snapshot.nodes.get(1)?.removal, 'none')
    await pass(25_000)
    assert.notEqual(registry.snapshot.nodes.get(1)?.removal, 'none')
    assert.ok(changes.some((change) => change.kind === 'node' && change.node.removal === 'marked'))
  })
})

describe('a busy node', () => {
  beforeEach(() => {
    node().inFlight = 1
  })

  test('is not probed while requests are sent to it: their connections show its state', async () => {
    for (let second = 0; second < 20; second += 1) {
      node().elected += 1
      await pass(1_000)
    }
    assert.equal(probes, 0)
  })

  test('that is quiet is probed less and less often', async () => {
    await pass(80_000)
    assert.equal(probes, 4, 'after 5, 15, 35 and 75 s')
  })
})

describe('a suspect node', () => {
  const failResponse = (): void => {
    node().health = onAnswerFailed(node().health, now, defaultHealthLimits)
  }

  test('is probed at once, and up when the probe passes, whatever the traffic', async () => {
    await pass(1_000)
    node().elected += 1
    node().bytesRead += 1
    failResponse()
    await pass(100)
    assert.deepEqual([probes, node().health.kind], [1, 'up'])
  })

  test('is down after as many failed probes as its check says, sooner than in three intervals', async () => {
    up = false
    failure = { reason: 'answered by status 503' }
    failResponse()
    await pass(1_700)
    assert.deepEqual([probes, node().health.kind], [3, 'down'])
  })

  test('is probed four times a second at most, however many responses fail', async () => {
    for (let step = 0; step < 40; step += 1) {
      failResponse()
      await pass(100)
    }
    assert.ok(probes > 10 && probes <= 17, `${probes} probes`)
    assert.notEqual(node().health.kind, 'down')
  })

  test('is probed no more often when the results are no evidence', async () => {
    up = false
    failure = { reason: 'EMFILE', shortage: true }
    failResponse()
    await pass(4_000)
    assert.ok(probes > 10 && probes <= 17, `${probes} probes`)
    assert.equal(node().health.kind, 'suspect')
  })

  test('whose check is none is not probed, stays in use, and is soon up again', async () => {
    rules = [{ probe: 'none' }]
    for (let step = 0; step < 40; step += 1) {
      failResponse()
      await pass(100)
      assert.notEqual(node().health.kind, 'down')
    }
    await pass(100)
    assert.deepEqual([probes, node().health.kind], [0, 'up'])
  })
})

describe('the check of a node', () => {
  test('none: it is never probed, and is tried again a while after it went down', async () => {
    rules = [{ probe: 'none' }]
    await pass(60_000)
    assert.equal(probes, 0)
    node().health = { kind: 'down', since: now, probes: 0, probeAt: now + 250, reason: 'refused' }
    await pass(400)
    assert.equal(node().health.kind, 'up')
    assert.equal(probes, 0)
  })

  test('http: it is probed in every interval, whatever the traffic', async () => {
    rules = [{ probe: 'http', interval: 2_000 }]
    for (let second = 0; second < 20; second += 1) {
      node().bytesRead += 1
      await pass(1_000)
    }
    assert.equal(probes, 9)
  })

  test('decides how many failed probes make it down, and how many end that', async () => {
    rules = [{ probe: 'http', interval: 1_000, rise: 3, fall: 4 }]
    up = false
    failure = { reason: 'answered by status 503' }
    await pass(1_200)
    assert.equal(node().health.kind, 'suspect')
    await pass(3_000)
    assert.equal(node().health.kind, 'down')
    up = true
    await pass(1_500)
    assert.equal(node().health.kind, 'down')
    await pass(2_000)
    assert.equal(node().health.kind, 'up')
  })

  test('is replaced by a reload', async () => {
    await pass(4_000)
    rules = [{ node: 'a', probe: 'tcp', interval: 500 }]
    await pass(2_000)
    assert.ok(probes >= 3, `${probes} probes`)
  })
})

describe('a node', () => {
  test('that has not reported for 60 s is silent, but not removed', async () => {
    node().statusAt = 0
    await pass(59_900)
    assert.equal(node().silent, false)
    await pass(100)
    assert.equal(node().silent, true)
    assert.deepEqual(notified, [1])
    assert.equal(registry.snapshot.nodes.get(1)?.removal, 'none')
  })

  test('is not silent because this process was suspended', async () => {
    node().statusAt = 0
    await pass(50_000)
    now += 600_000
    await pass(9_000)
    assert.equal(node().silent, false)
    await pass(2_000)
    assert.equal(node().silent, true)
  })

  test('that has never reported is not silent', async () => {
    await pass(120_000)
    assert.equal(node().silent, false)
  })
})

test('a removed node passes through the phases of removal by the clock alone', async () => {
  registry.remove(1, now)
  await pass(11_100)
  assert.equal(registry.snapshot.nodes.get(1)?.removal, 'forgotten')
  await pass(11_100)
  assert.equal(registry.snapshot.nodes.size, 0)
  assert.deepEqual(
    changes.map((change) => change.kind),
    ['node', 'gone'],
  )
})

test('of many nodes that are due, none waits for ever for its probe', async () => {
  for (let at = 2; at <= 200; at += 1) register('http', `n${at}`, 1_000 + at)
  const ended: (() => void)[] = []
  held = () => new Promise((resolve) => ended.push(resolve))
  await pass(5_500)
  assert.equal(asked.size, 64, 'so many at a time')
  while (asked.size < 200) {
    assert.ok(now < 60_000, `${asked.size} nodes were probed`)
    for (const end of ended.splice(0)) end()
    await pass(2_000)
  }
})

describe('many nodes that are up and quiet', () => {
  const count = 2_000
  beforeEach(() => {
    for (let at = 2; at <= count; at += 1) register('http', `n${at}`, 1_000 + at)
  })

  test('are probed at a limited rate, each in its turn', async () => {
    await pass(6_000)
    assert.ok(probes > 200 && probes <= 400, `${probes} probes in the first second`)
    const before = probes
    await pass(5_000)
    assert.ok(Math.abs(probes - before - 1_000) <= 64, `${probes - before} probes in 5 s`)
    await pass(5_000)
    assert.equal(asked.size, count, 'each was probed once before any was probed twice')
  })

  test('do not delay the probe of one that is suspect', async () => {
    await pass(5_500)
    const last = live.of(count)
    last.health = onAnswerFailed(last.health, now, defaultHealthLimits)
    asked.clear()
    await pass(300)
    assert.ok(asked.has(1_000 + count))
  })

  test('are probed as often as a rule of the configuration says', async () => {
    rules = [{ probe: 'tcp', interval: 1_000 }]
    await pass(8_000)
    assert.ok(probes > 2 * count, `${probes} probes`)
  })
})

test('a fault in a probe ends neither the process nor the probes', async () => {
  broken = true
  await pass(6_000)
  assert.equal(probes, 1)
  broken = false
  await pass(6_000)
  assert.equal(probes, 2)
})
