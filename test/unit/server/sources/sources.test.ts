// Sources of fixed nodes: names, services, files, and how they are followed.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../../src/base/clock.ts'
import { fixedLimits } from '../../../../src/base/limits.ts'
import { silent } from '../../../../src/base/log.ts'
import { dnsSource } from '../../../../src/server/sources/dns-source.ts'
import { fileSource, nodesIn } from '../../../../src/server/sources/file-source.ts'
import { FollowedSource } from '../../../../src/server/sources/followed-source.ts'
import type { Lookup } from '../../../../src/server/sources/lookup.ts'
import type { Found, FoundNode, Report } from '../../../../src/server/sources/node-source.ts'
import { polledSource } from '../../../../src/server/sources/polled-source.ts'
import { srvSource } from '../../../../src/server/sources/srv-source.ts'
import { until } from '../../../support/until.ts'

const { signal } = new AbortController()
const node = (host: string, port = 80): FoundNode => ({ address: { host, port } })
const listed = (...nodes: FoundNode[]): Found => ({ nodes, problems: [] })

test('each address of a name is a node, in an order that name servers do not change', async () => {
  const lookup: Lookup = {
    addresses: async () => ['10.0.0.2', '::1', '10.0.0.1', '10.0.0.2'],
    services: async () => [],
  }
  const name = { host: 'shop.internal', port: 80, tls: true } as const
  const source = dnsSource({ kind: 'dns', name, family: 'any', every: 1 }, lookup)
  assert.deepEqual(
    (await source.list(signal)).map(({ address, serverName }) => [address, serverName]),
    ['10.0.0.1', '10.0.0.2', '::1'].map((host) => [{ host, port: 80, tls: true }, 'shop.internal']),
  )
})

test('SRV records give ports and weights, and targets of a higher priority are backups', async () => {
  const lookup: Lookup = {
    addresses: async (name) => (name === 'a' ? ['10.0.0.1'] : ['10.0.0.2', '10.0.0.3']),
    services: async () => [
      { name: 'b', port: 81, priority: 20, weight: 0 },
      { name: 'a', port: 80, priority: 10, weight: 7 },
    ],
  }
  const settings = {
    kind: 'srv',
    service: '_http._tcp.x',
    tls: false,
    family: 'any',
    every: 1,
  } as const
  assert.deepEqual(await srvSource(settings, lookup).list(signal), [
    { address: { host: '10.0.0.1', port: 80 }, serverName: 'a', weight: 7 },
    { address: { host: '10.0.0.2', port: 81 }, serverName: 'b', weight: 1, backup: true },
    { address: { host: '10.0.0.3', port: 81 }, serverName: 'b', weight: 1, backup: true },
  ])
})

test('a service without targets is a failure, and so is one of whose targets has no address', async () => {
  const settings = {
    kind: 'srv',
    service: '_http._tcp.x',
    tls: false,
    family: 'any',
    every: 1,
  } as const
  const none: Lookup = { addresses: async () => [], services: async () => [] }
  await assert.rejects(srvSource(settings, none).list(signal), /has no target/)
  const half: Lookup = {
    addresses: async (name) =>
      name === 'a' ? ['10.0.0.1'] : Promise.reject(new Error('SERVFAIL')),
    services: async () => ['a', 'b'].map((name) => ({ name, port: 80, priority: 0, weight: 0 })),
  }
  await assert.rejects(srvSource(settings, half).list(signal), /SERVFAIL/)
})

test('a file has an address on each line, or a list in YAML or JSON', () => {
  const two = [node('10.0.0.1'), node('b.internal', 8080)]
  for (const text of [
    '10.0.0.1:80\nb.internal:8080\n',
    '# nodes\n10.0.0.1:80 # first\n\nb.internal:8080',
    '- 10.0.0.1:80\n- b.internal:8080\n',
    '- address: 10.0.0.1:80\n- b.internal:8080\n',
    '["10.0.0.1:80", {"address": "b.internal:8080"}]',
  ])
    assert.deepEqual(nodesIn(text), two, text)
  assert.deepEqual(nodesIn('[]'), [])
  assert.deepEqual(nodesIn('- { address: "[::1]:80", weight: 5, backup: true }'), [
    { address: { host: '::1', port: 80 }, weight: 5, backup: true },
  ])
})

test('a file that is empty or wrong is a failure, with the reason', () => {
  for (const [text, reason] of [
    ['', /is empty; write \[\] for no nodes/],
    ['\n \n', /is empty/],
    ['10.0.0.1:80\nwrong\n', /is not a list of nodes/],
    ['- 10.0.0.1:80\n- 10.0.0.2:99999\n', /entry 2: address: .*is not an address/],
    ['- { address: "1", tls: {} }', /entry 1/],
    ['- { address: "1", wait: 1 }', /entry 1/],
    ['nodes: 3', /is not a list of nodes/],
  ] as const)
    assert.throws(() => nodesIn(text), reason, text)
})

test('a file that does not change is the same list', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'nodes')
  writeFileSync(file, '10.0.0.1:80\n')
  const source = fileSource({ kind: 'file', file, every: 1 })
  const first = await source.list(signal)
  assert.equal(await source.list(signal), first)
  writeFileSync(file, '10.0.0.2:80\n')
  assert.deepEqual(await source.list(signal), [node('10.0.0.2')])
})

/** Lists what is in `next`, or fails with it. */
class Listed {
  next: readonly FoundNode[] | Error = new Error('SERVFAIL')
  reads = 0

  list = async (): Promise<readonly FoundNode[]> => {
    this.reads += 1
    if (this.next instanceof Error) throw this.next
    return this.next
  }

  async readAgain(): Promise<void> {
    const before = this.reads
    await until('it is read again', () => this.reads > before + 1)
  }
}

const options = {
  name: 'dns x',
  retryMs: 1,
  clock: systemClock,
  log: silent,
  onList: () => undefined,
}

test('a source that fails keeps its last list, and says once why', async (t) => {
  const logged: string[] = []
  const log = { ...silent, warn: (_: object, text: string) => void logged.push(text) }
  const lists: (readonly FoundNode[])[] = []
  const listed = new Listed()
  const followed = new FollowedSource({
    ...options,
    source: polledSource(listed, 1),
    log,
    onList: (nodes) => {
      if (nodes.length > 2) return 'too many'
      lists.push(nodes)
      return undefined
    },
  })
  t.after(() => followed.close())
  await followed.first
  assert.equal(followed.nodes, undefined)
  assert.equal(followed.report().reason, 'SERVFAIL')
  listed.next = [node('a')]
  await until('it is used', () => followed.report().reason === null)
  assert.deepEqual(followed.nodes, [node('a')])
  listed.next = [node('a')]
  await listed.readAgain()
  assert.equal(lists.length, 1, 'an equal list is no change')
  listed.next = new Error('SERVFAIL')
  await until('it fails', () => followed.report().reason === 'SERVFAIL')
  assert.deepEqual(followed.nodes, [node('a')])
  listed.next = ['a', 'b', 'c'].map((host) => node(host))
  await until('it is refused', () => followed.report().reason === 'too many')
  assert.deepEqual(followed.nodes, [node('a')], 'a list that is refused is not used')
  listed.next = [node('a'), node('b')]
  await until('it is used again', () => followed.report().reason === null)
  assert.equal((followed.nodes as readonly FoundNode[] | undefined)?.length, 2)
  const { nodes, failingMs, failures } = followed.report()
  assert.deepEqual([nodes, failingMs], [2, null])
  assert.ok(failures >= 3, String(failures))
  assert.deepEqual(logged, [
    'source of nodes cannot be used; it has listed none so far',
    'source of nodes cannot be used; its last list stays in force',
    'source of nodes cannot be used; its last list stays in force',
  ])
})

test('a failure that lasts is logged once more', async (t) => {
  const logged: string[] = []
  const log = { ...silent, warn: (_: object, text: string) => void logged.push(text) }
  const clock = { now: () => now, wall: () => now }
  let now = 0
  const listed = new Listed()
  listed.next = [node('a')]
  const source = polledSource(listed, 1)
  const followed = new FollowedSource({ ...options, source, log, clock })
  t.after(() => followed.close())
  await followed.first
  listed.next = new Error('SERVFAIL')
  await until('it fails', () => followed.report().reason !== null)
  now = fixedLimits.sourceKeepMs
  await until('it is said', () => logged.length === 2)
  await listed.readAgain()
  assert.deepEqual(logged, [
    'source of nodes cannot be used; its last list stays in force',
    'source of nodes fails for long; its last list stays in force',
  ])
  assert.equal(followed.report().failingMs, fixedLimits.sourceKeepMs)
})

test('changes that follow each other are put in force together, the first list at once', async (t) => {
  const lists: (readonly FoundNode[])[] = []
  let report: Report = () => assert.fail('not followed')
  const followed = new FollowedSource({
    ...options,
    source: {
      follow: (given, signal) => {
        report = given
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
      },
    },
    onList: (nodes) => void lists.push(nodes),
  })
  t.after(() => followed.close())
  report(() => listed(node('a')))
  assert.equal(lists.length, 1)
  for (let i = 0; i < 1_000; i++) report(() => listed(node('a'), node(`b${i}`)))
  assert.equal(lists.length, 1)
  await until('they are in force', () => lists.length === 2)
  assert.deepEqual(lists[1], [node('a'), node('b999')])
})

test('entries that cannot be used are logged once, and shown while they are there', async (t) => {
  const logged: object[] = []
  const log = { ...silent, warn: (detail: object) => void logged.push(detail) }
  let report: Report = () => assert.fail('not followed')
  const source = {
    follow: (given: Report) => {
      report = given
      return new Promise<void>(() => {})
    },
  }
  const followed = new FollowedSource({ ...options, log, source })
  t.after(() => followed.close())
  report(() => ({ nodes: [node('a')], problems: ['b has no port'] }))
  report(() => ({ nodes: [node('a')], problems: ['b has no port'] }))
  await until('the second one is used', () => followed.report().problems.length === 1)
  report(() => listed(node('a')))
  await until('it is gone', () => followed.report().problems.length === 0)
  assert.deepEqual(logged, [{ source: 'dns x', problem: 'b has no port' }])
})

test('a list of which no node can be used is no empty list: the one before stays', async (t) => {
  let report: Report = () => assert.fail('not followed')
  const source = {
    follow: (given: Report) => {
      report = given
      return new Promise<void>(() => {})
    },
  }
  const followed = new FollowedSource({ ...options, source })
  t.after(() => followed.close())
  report(() => listed(node('a')))
  report(() => ({ nodes: [], problems: ['a has no port 80'] }))
  await until('it is a failure', () => followed.report().failures === 1)
  assert.deepEqual(followed.nodes, [node('a')])
  const { reason, problems } = followed.report()
  assert.equal(reason, 'lists no node that can be used: a has no port 80')
  assert.deepEqual(problems, ['a has no port 80'])
  report(() => listed())
  await until('the empty list is used', () => followed.nodes?.length === 0)
})
