// Peers whose announcements go over a real NATS server: who is there, handing over while the server is killed and comes back,
// credentials, TLS, and a stranger in the group.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { NatsPackage } from '../../../src/net/nats-connection.ts'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { makeFolder } from '../../support/folder.ts'
import { Members } from '../../support/members.ts'
import { type NatsServers, noNats, startNats } from '../../support/nats.ts'
import { accountAndUser } from '../../support/nats-account.ts'
import { get } from '../../support/node-server.ts'
import { PeerApps, untilHandsTo } from '../../support/peer-apps.ts'
import { until } from '../../support/until.ts'

const key = 'what the peers of this scene share'
const skip = noNats

async function serverFor(t: TestContext, lines = ''): Promise<NatsServers> {
  const nats = await startNats(1, { lines })
  t.after(() => nats.close())
  return nats
}

const groupAt = ({ urls: [url = ''] }: NatsServers, login = ''): string =>
  `${url.replace('nats://', `nats://${login}`)}/scene`

test('joins, goodbyes, crashes, freezes and returns are noticed over NATS', { skip }, async (t) => {
  const nats = await serverFor(t)
  const members = new Members(t, { group: groupAt(nats), key, periodMs: 250 })
  for (const name of ['a', 'b', 'c']) members.start(name)
  await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])
  members.signal('c', 'leave')
  await members.agree(['a', 'b'], ['a', 'b'])
  members.start('c')
  await members.agree(['a', 'b', 'c'], ['a', 'b', 'c'])
  members.signal('c', 'SIGKILL')
  await members.agree(['a', 'b'], ['a', 'b'])
  members.signal('b', 'SIGSTOP')
  await members.agree(['a'], ['a'])
  members.signal('b', 'SIGCONT')
  await members.agree(['a', 'b'], ['a', 'b'])
})

test('groups of different names do not hear each other', { skip }, async (t) => {
  const nats = await serverFor(t)
  const members = new Members(t, { group: groupAt(nats), key, periodMs: 250 })
  for (const name of ['a', 'b']) members.start(name)
  members.start('c', { group: `${nats.urls[0]}/other` })
  await members.agree(['a', 'b'], ['a', 'b'])
  await members.agree(['c'], ['c'])
})

test('requests are handed over, stay here while NATS is gone, and are handed over again', {
  skip,
}, async (t) => {
  const nats = await serverFor(t)
  const apps = await PeerApps.make(t, { TOPSPIN_GROUP: groupAt(nats) })
  const [a] = await Promise.all([
    apps.start('a', { TOPSPIN_CANDIDACY: 'removeSelf, byRandom' }),
    apps.start('b', { TOPSPIN_CANDIDACY: 'off' }),
  ])
  await untilHandsTo(a, '"name":"b"')
  const load = new Load(a.port)
  t.after(() => load.end())
  const [server] = nats.servers
  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    server?.kill(signal)
    await untilHandsTo(a, '"name":"a"')
    const before = load.answered
    await until('more are answered here', () => load.answered > before + 50)
    if (signal === 'SIGKILL') server?.restart()
    else server?.kill('SIGCONT')
    await untilHandsTo(a, '"name":"b"')
  }
  await load.end()
  assert.ok(load.answered > 200, `${load.answered} answers`)
  assert.deepEqual(load.failures, [])
})

test('a peer that starts without NATS serves, and joins when NATS comes', { skip }, async (t) => {
  const nats = await serverFor(t)
  const [server] = nats.servers
  server?.kill('SIGKILL')
  const apps = await PeerApps.make(t, { TOPSPIN_GROUP: groupAt(nats) })
  const a = await apps.start('a', { TOPSPIN_CANDIDACY: 'removeSelf, byRandom' })
  await until('it says so', () => a.output().includes('NATS cannot be used'), 20_000, a.output)
  assert.match((await get(a.port)).text, /"name":"a"/)
  server?.restart()
  await apps.start('b')
  await untilHandsTo(a, '"name":"b"')
  assert.match(a.output(), /connected to NATS/)
})

test('a password in the URL is needed where the server asks for one, and is not logged', {
  skip,
}, async (t) => {
  const nats = await serverFor(t, 'authorization { user: peers, password: "s:c/r" }')
  const apps = await PeerApps.make(t)
  const [a, stranger] = await Promise.all([
    apps.start('a', {
      TOPSPIN_GROUP: groupAt(nats, 'peers:s%3Ac%2Fr@'),
      TOPSPIN_CANDIDACY: 'removeSelf',
    }),
    apps.start('stranger', { TOPSPIN_GROUP: groupAt(nats, 'peers:wrong@') }),
    apps.start('b', { TOPSPIN_GROUP: groupAt(nats, 'peers:s%3Ac%2Fr@') }),
  ])
  await untilHandsTo(a, '"name":"b"')
  await until('the stranger is refused', () => /Authorization Violation/i.test(stranger.output()))
  assert.doesNotMatch(a.output(), /s%3A|s:c/)
  assert.doesNotMatch(stranger.output(), /wrong/)
  assert.doesNotMatch(a.output(), /joined.*stranger|stranger.*joined/)
})

test('credentials of an account let a peer in', { skip }, async (t) => {
  const { lines, creds } = accountAndUser()
  const nats = await serverFor(t, lines)
  const file = join(makeFolder(), 'peer.creds')
  writeFileSync(file, creds)
  const apps = await PeerApps.make(t, { TOPSPIN_GROUP: groupAt(nats) })
  const [a, stranger] = await Promise.all([
    apps.start('a', { TOPSPIN_NATS_CREDS: file, TOPSPIN_CANDIDACY: 'removeSelf' }),
    apps.start('stranger'),
    apps.start('b', { TOPSPIN_NATS_CREDS: file }),
  ])
  await untilHandsTo(a, '"name":"b"')
  await until('the stranger is refused', () => /Authorization Violation/i.test(stranger.output()))
})

test('over TLS the certificate of the server is checked', {
  skip: noNats || noOpenssl,
}, async (t) => {
  const authority = new Authority()
  const { certFile, keyFile } = authority.issue()
  const nats = await serverFor(t, `tls { cert_file: "${certFile}", key_file: "${keyFile}" }`)
  const group = groupAt(nats).replace('nats://', 'tls://')
  const apps = await PeerApps.make(t, { TOPSPIN_GROUP: group })
  const [a, stranger] = await Promise.all([
    apps.start('a', { TOPSPIN_NATS_CA: authority.certFile, TOPSPIN_CANDIDACY: 'removeSelf' }),
    apps.start('stranger', { TOPSPIN_NATS_CA: new Authority().certFile }),
    apps.start('b', { TOPSPIN_NATS_CA: authority.certFile }),
  ])
  await untilHandsTo(a, '"name":"b"')
  await until('the other authority is refused', () => /certificate/.test(stranger.output()))
})

test('what a stranger says in the group is refused, and counted', { skip }, async (t) => {
  const nats = await serverFor(t)
  const members = new Members(t, { group: groupAt(nats), key, periodMs: 250 })
  for (const name of ['a', 'b']) members.start(name)
  await members.agree(['a', 'b'], ['a', 'b'])
  const { connect } = (await import('@nats-io/transport-node')) as unknown as NatsPackage
  const link = await connect({
    servers: [...nats.urls],
    name: 'stranger',
    timeout: 5_000,
    maxReconnectAttempts: 0,
    reconnectTimeWait: 100,
    pingInterval: 10_000,
    maxPingOut: 2,
    ignoreAuthErrorAbort: false,
  })
  t.after(() => link.close())
  let heard = Buffer.alloc(0)
  link.subscribe('tsp.peer.scene', {
    callback: (_, { data }) => {
      heard = Buffer.from(data)
    },
  })
  await until('an announcement is heard', () => heard.length > 0)
  const forged = Buffer.from(heard)
  forged[forged.length - 2] = (forged[forged.length - 2] ?? 0) ^ 1
  for (const bytes of [forged, Buffer.alloc(0), Buffer.alloc(100_000, 'x'), heard])
    for (let i = 0; i < 100; i++) link.publish('tsp.peer.scene', bytes)
  await link.flush()
  await until('they are counted', async () => {
    const { refused } = await members.ask('a')
    return Object.values(refused).reduce((sum, times) => sum + times, 0) >= 399
  })
  assert.deepEqual((await members.ask('a')).names, ['a', 'b'])
})

/** Requests one after the other, by four clients. */
class Load {
  answered = 0
  readonly failures: string[] = []
  readonly #clients: Promise<void>[]
  #isOver = false

  constructor(port: number) {
    this.#clients = [1, 2, 3, 4].map(() => this.#run(port))
  }

  async #run(port: number): Promise<void> {
    while (!this.#isOver) {
      const failed = await get(port).then(
        ({ status, text }) => (status === 200 ? undefined : `${status} ${text}`),
        (error: unknown) => String(error),
      )
      if (failed === undefined) this.answered++
      else this.failures.push(failed)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#clients)
  }
}
