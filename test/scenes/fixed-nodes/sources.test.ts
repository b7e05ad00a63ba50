// Fixed nodes from sources: files, names and services that change while the proxy runs, or fail.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hosts, serversAt, startFixed as start } from '../../support/fixed-proxy.ts'
import { makeFolder } from '../../support/folder.ts'
import { startNameServer } from '../../support/name-server.ts'
import { get, startNode } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

test('the nodes of a file are those that it lists now, with the settings of its entry', async (t) => {
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) => startNode(t, (_, response) => response.end(name))),
  )
  const folder = makeFolder()
  const file = join(folder, 'nodes')
  const write = (text: string): void => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  write(`127.0.0.1:${a?.port}\n`)
  const proxy = await start(t, { to: [{ file, every: '100ms', weight: 2, maxConnections: 9 }] })
  assert.equal((await get(proxy.traffic)).text, 'a')
  const [node] = await proxy.nodes()
  assert.deepEqual([node?.source, node?.maxConnections], [`file ${file}`, 9])

  write(`- { address: "127.0.0.1:${b?.port}", route: b, maxConnections: 3 }\n`)
  await until('the other node serves', async () => (await get(proxy.traffic)).text === 'b')
  assert.deepEqual(
    (await proxy.nodes()).map(({ route, maxConnections }) => [route, maxConnections]),
    [['b', 3]],
  )
  await until('the log says so', () => /"route":"b".*"node joined"/.test(proxy.printed()))

  for (const text of [
    '',
    '- 127.0.0.1:1\n- nonsense',
    'nodes: 1',
    `- 127.0.0.1:${'9'.repeat(6)}`,
  ]) {
    write(text)
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal((await get(proxy.traffic)).text, 'b', text)
  }
  rmSync(file)
  await until('the log says why', () => /its last list stays in force/.test(proxy.printed()))
  assert.equal((await get(proxy.traffic)).text, 'b')
  write(`127.0.0.1:${a?.port}\n`)
  await until('the list is read again', async () => (await get(proxy.traffic)).text === 'a')
  await until('the log says so', () => /can be used again/.test(proxy.printed()))
})

test('a file that is missing at the start is read once it is there', async (t) => {
  const { port } = await startNode(t)
  const file = join(makeFolder(), 'nodes')
  const proxy = await start(t, { to: [{ file, every: '100ms' }] })
  assert.match(proxy.printed(), /it has listed none so far/)
  writeFileSync(file, `127.0.0.1:${port}\n`)
  await until('its node serves', async () => (await get(proxy.traffic)).text === 'done')
})

test('a list with more nodes than control.limits.nodes allows is not used, and the log names the key', async (t) => {
  const { port } = await startNode(t)
  const file = join(makeFolder(), 'nodes')
  writeFileSync(file, `127.0.0.1:${port}\n`)
  const limits = { nodes: 2 }
  const proxy = await start(t, { control: { limits }, to: [{ file, every: '100ms' }] })
  writeFileSync(file, [1, 2, 3].map((i) => `127.0.0.1:${i}\n`).join(''))
  await until('it is refused', () =>
    /more than control\.limits\.nodes allows/.test(proxy.printed()),
  )
  assert.equal((await get(proxy.traffic)).text, 'done')
})

test('each address of a name is a node, and a failing name server takes none away', async (t) => {
  const names = await startNameServer(t)
  const port = await serversAt(t, ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
  names.addresses.set('shop.internal', ['127.0.0.1', '127.0.0.2'])
  const resolver = `127.0.0.1:${names.port}`
  const to = [{ dns: `shop.internal:${port}`, resolver, every: '100ms' }]
  const proxy = await start(t, { to })
  assert.equal(await hosts(proxy), '127.0.0.1 127.0.0.2')
  await until('both are up', async () =>
    (await proxy.nodes()).every(({ health }) => health === 'up'),
  )
  const seen = new Set<string>()
  for (let i = 0; i < 20; i++) seen.add((await get(proxy.traffic)).text)
  assert.deepEqual([...seen].sort(), ['127.0.0.1', '127.0.0.2'])

  names.addresses.set('shop.internal', ['127.0.0.2', '127.0.0.3'])
  await until('the list is new', async () => (await hosts(proxy)) === '127.0.0.2 127.0.0.3')
  for (const mode of ['fails', 'empty', 'silent'] as const) {
    const before = names.questions
    names.mode = mode
    await until('it is asked again', () => names.questions > before + 2)
    assert.equal(await hosts(proxy), '127.0.0.2 127.0.0.3', mode)
    assert.equal((await get(proxy.traffic)).status, 200)
  }
  names.mode = 'answers'
  names.addresses.set('shop.internal', ['127.0.0.1'])
  await until('it answers again', async () => (await hosts(proxy)) === '127.0.0.1', 20_000)
})

test('a name that the hosts file has needs no name server', async (t) => {
  const { port } = await startNode(t)
  const proxy = await start(t, { to: [{ dns: `localhost:${port}`, family: '4' }] })
  assert.equal((await get(proxy.traffic)).text, 'done')
  assert.deepEqual(
    (await proxy.nodes()).map(({ source }) => source),
    [`dns localhost:${port}`],
  )
})

test('the records of a service give ports, and a lower priority comes first', async (t) => {
  const names = await startNameServer(t)
  const [first, second] = await Promise.all(
    ['first', 'second'].map((name) => startNode(t, (_, response) => response.end(name))),
  )
  const service = '_http._tcp.shop.internal'
  names.addresses.set('one.internal', ['127.0.0.1'])
  const record = (port = 0, priority = 0) => ({ target: 'one.internal', port, priority })
  names.services.set(service, [record(second?.port, 20), record(first?.port, 10)])
  const to = [{ srv: service, resolver: `127.0.0.1:${names.port}`, every: '100ms' }]
  const proxy = await start(t, { to, health: { probe: 'tcp', interval: '100ms' } })
  for (let i = 0; i < 10; i++) assert.equal((await get(proxy.traffic)).text, 'first')
  first?.server.closeAllConnections()
  await new Promise((resolve) => first?.server.close(resolve))
  assert.equal((await get(proxy.traffic)).text, 'second')
  names.services.set(service, [record(second?.port)])
  await until('one is left', async () => (await proxy.nodes()).length === 1)
})

test('with a state file the nodes of a source survive a restart without its name server', async (t) => {
  const names = await startNameServer(t)
  const { port } = await startNode(t)
  names.addresses.set('shop.internal', ['127.0.0.1'])
  const to = [{ dns: `shop.internal:${port}`, resolver: `127.0.0.1:${names.port}`, every: '100ms' }]
  const state = join(makeFolder(), 'state')
  const before = await start(t, { to, state })
  assert.equal((await get(before.traffic)).text, 'done')
  await until(
    'the state file has the node',
    () => existsSync(state) && readFileSync(state, 'utf8').includes(`${port}`),
  )
  await before.kill()
  names.mode = 'fails'
  const after = await start(t, { to, state })
  assert.equal((await get(after.traffic)).text, 'done')
})
