// `topspin peer`: servers that know nothing of peers, each behind a front of its own.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePorts } from '../../support/free-ports.ts'
import { get as getFrom, startNode } from '../../support/node-server.ts'
import { get, post, RawClient, request } from '../../support/raw-client.ts'
import { type Running, startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const key = 'what the peers of this scene share'
const hasPython = spawnSync('python3', ['--version']).status === 0

interface Front extends Running {
  readonly port: number
}

async function startFront(t: TestContext, group: number, args: readonly string[]): Promise<Front> {
  const common = [
    '--group',
    `239.255.77.1:${group}`,
    '--interface',
    '127.0.0.1',
    '--period',
    '300ms',
  ]
  const running = startTopspin(['peer', '--listen', '127.0.0.1:0', ...common, ...args], {
    env: { TOPSPIN_PEER_KEY: key },
    deadlineMs: 60_000,
  })
  t.after(() => running.child.kill('SIGKILL'))
  const port = (): string | undefined =>
    /127\.0\.0\.1:(\d+)[\s\S]*"listening"/.exec(running.printed.stderr)?.[1]
  await until(
    'the front listens',
    () => port() !== undefined,
    20_000,
    () => running.printed,
  )
  return { ...running, port: Number(port()) }
}

test('requests, bodies and upgrades reach a target, here or at a peer, with the real client', async (t) => {
  const [group = 0] = await freePorts(1)
  const names = ['near', 'far'] as const
  const [near, far] = await Promise.all(
    names.map(async (name) => {
      const node = await startNode(t, async (req, res) => {
        let body = ''
        for await (const piece of req) body += piece
        const { 'x-forwarded-for': from, 'topspin-handed-over': mark, host } = req.headers
        res.end(JSON.stringify({ name, url: req.url, body, from, mark, host }))
      })
      node.server.on('upgrade', (_req, socket, head) => {
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
        )
        socket.write(`${name} `)
        socket.write(head)
        socket.pipe(socket)
      })
      const away = name === 'near' ? 'byAge 5, removeSelf' : 'off'
      const target = ['--target', `http://127.0.0.1:${node.port}/`, '--name', name]
      return { node, front: await startFront(t, group, [...target, '--candidacy', away]) }
    }),
  )
  assert.ok(near !== undefined && far !== undefined)
  await until(
    'it hands over',
    async () => (await getFrom(near.front.port)).text.includes('far'),
    20_000,
  )
  const client = await RawClient.connect(t, near.front.port)
  for (const name of ['far', 'near']) {
    const from = 'X-Forwarded-For: 203.0.113.1'
    const plain = JSON.parse((await client.ask(get('/a?b', from))).body.toString())
    const seen = { name, url: '/a?b', body: '', from: '127.0.0.1', host: 'app.test' }
    assert.deepEqual(plain, seen)
    // A forged mark is removed, and the request goes no further.
    const mark = 'Topspin-Handed-Over: for="203.0.113.1:1";proto=http;at=1'
    const forged = JSON.parse((await client.ask(get('/a?b', from, mark))).body.toString())
    assert.deepEqual(forged, { ...seen, name: 'near' })
    const posted = JSON.parse((await client.ask(post('/p', 'words'))).body.toString())
    assert.deepEqual([posted.name, posted.body], [name, 'words'])
    const tunnel = await RawClient.connect(t, near.front.port)
    tunnel.send(`${request('GET', '/', 'Connection: Upgrade', 'Upgrade: echo')}early`)
    await until(
      'it echoes',
      () => tunnel.text.endsWith(`${name} early`),
      10_000,
      () => tunnel.text,
    )
    tunnel.socket.destroy()
    // Its target answers no more, so the far one leaves its peers.
    far.node.server.closeAllConnections()
    far.node.server.close()
    if (name === 'far') {
      await until('it is served here', async () =>
        (await getFrom(near.front.port)).text.includes('near'),
      )
    }
  }
  near.node.server.closeAllConnections()
  near.node.server.close()
  await until('nobody is left', async () => (await getFrom(near.front.port)).status === 503)
  near.front.child.kill('SIGTERM')
  assert.equal((await near.front.ended).code, 0)
})

test('an upgrade by POST reaches the target with its body, in whatever pieces it comes', async (t) => {
  const [group = 0] = await freePorts(1)
  const node = await startNode(t, (_req, res) => res.end('served'))
  node.server.on('upgrade', (_req, socket, head) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n')
    socket.write(head)
    socket.pipe(socket)
  })
  const target = ['--target', `http://127.0.0.1:${node.port}/`, '--name', 'alone']
  const front = await startFront(t, group, [...target, '--candidacy', 'off'])
  const upgrade = ['Connection: Upgrade', 'Upgrade: tcp']
  for (const pieces of [
    ['bodyearly'],
    ['bo', 'dyearly'],
    ['', 'body', 'early'],
    ['body', 'early'],
  ]) {
    const client = await RawClient.connect(t, front.port)
    const [first = '', ...later] = pieces
    client.send(request('POST', '/', 'Content-Length: 4', ...upgrade) + first)
    const answer = await client.answer()
    assert.equal(answer?.status, 101)
    for (const piece of later) {
      client.send(piece)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await until('body and input came back', () => client.text.endsWith('bodyearly'))
    client.socket.destroy()
  }
})

test('the front starts a command, announces it when it answers, and ends it', {
  skip: hasPython ? false : 'python3 is not installed',
}, async (t) => {
  const [group = 0, port = 0] = await freePorts(2)
  const folder = mkdtempSync(join(tmpdir(), 'topspin front '))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'hello.txt'), 'hello from python\n')
  const python = ['python3', '-m', 'http.server', String(port), '--bind', '127.0.0.1']
  const target = ['--target', `http://127.0.0.1:${port}`]
  const front = await startFront(t, group, [...target, '--', ...python, '--directory', folder])
  const served = async (): Promise<boolean> =>
    (await getFrom(front.port, '/hello.txt')).status === 200
  await until('it serves', served, 20_000, () => front.printed)
  assert.equal((await getFrom(front.port, '/hello.txt')).text, 'hello from python\n')
  front.child.kill('SIGTERM')
  // Python dies of the signal that is passed on.
  assert.equal((await front.ended).code, 128 + 15)
  await assert.rejects(getFrom(port))
})

test('an address in use is exit code 75, bad flags are exit code 2', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.after(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const flags = ['--target', 'http://127.0.0.1:1', '--group', '239.255.77.1']
  const busy = await topspin('peer', ...flags, '--listen', `127.0.0.1:${port}`)
  assert.equal(busy.code, 75)
  assert.match(busy.stderr, /is in use by another program/)
  const wrong = await topspin('peer', ...flags, '--listen', '127.0.0.1:0', '--candidacy', 'byLod')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /did you mean byLoad/)
})
