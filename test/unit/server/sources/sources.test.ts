// Sources of fixed nodes: names, services, files, and how they are followed.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { silent } from '../../../../src/base/log.ts'
import { dnsSource } from '../../../../src/server/sources/dns-source.ts'
import { fileSource, nodesIn } from '../../../../src/server/sources/file-source.ts'
import { FollowedSource } from '../../../../src/server/sources/followed-source.ts'
import type { Lookup } from '../../../../src/server/sources/lookup.ts'
import type { FoundNode } from '../../../../src/server/sources/node-source.ts'
import { srvSource } from '../../../../src/server/sources/srv-source.ts'
import { until } from '../../../support/until.ts'

const { signal } = new AbortController()
const node = (host: string, port = 80): FoundNode => ({ address: { host, port } })

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

test('a source that fails keeps its last list, and says once why', async (t) => {
  const logged: string[] = []
  const log = { ...silent, warn: (_: object, text: string) => void logged.push(text) }
  const lists: (readonly FoundNode[])[] = []
  let next: readonly FoundNode[] | Error = new Error('SERVFAIL')
  let reads = 0
  const followed = new FollowedSource({
    name: 'dns x',
    source: {
      list: async () => {
        reads += 1
        if (next instanceof Error) throw next
        return next
      },
    },
    everyMs: 1,
    log,
    onList: (nodes) => {
      if (nodes.length > 2) return 'too many'
      lists.push(nodes)
      return undefined
    },
  })
  t.after(() => followed.close())
  const readAgain = async (): Promise<void> => {
    const before = reads
    await until('it is read again', () => reads > before + 1)
  }
  await followed.first
  assert.equal(followed.nodes, undefined)
  next = [node('a')]
  await readAgain()
  assert.deepEqual(followed.nodes, [node('a')])
  next = [node('a')]
  await readAgain()
  assert.equal(lists.length, 1, 'an equal list is no change')
  next = new Error('SERVFAIL')
  await readAgain()
  assert.deepEqual(followed.nodes, [node('a')])
  next = ['a', 'b', 'c'].map((host) => node(host))
  await readAgain()
  assert.deepEqual(followed.nodes, [node('a')], 'a list that is refused is not used')
  next = [node('a'), node('b')]
  await readAgain()
  assert.equal((followed.nodes as readonly FoundNode[] | undefined)?.length, 2)
  assert.deepEqual(logged, [
    'source of nodes cannot be used; it has listed none so far',
    'source of nodes cannot be used; its last list stays in force',
    'source of nodes cannot be used; its last list stays in force',
  ])
})
