// Faults of the bucket in which proxies share the registry, each while nodes change and clients send requests.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { FleetProxy } from '../../support/fleet.ts'
import { startFleetStage } from '../../support/fleet-stage.ts'
import { noNats, startNats } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

const stream = 'KV_topspin_default'
/** A bucket asks for 64 MiB, of which a server gives at most three quarters of its disk. */
const tmpfsMiB = 100

test('the bucket of a shared registry is lost or full', { skip: noNats }, async (t) => {
  const nats = await startNats(1)
  t.after(() => nats.close())
  const stage = await startFleetStage(t, ['front-a', 'front-b'], nats.urls)
  const operator = await connect({ servers: [...nats.urls] })
  t.after(() => operator.close())

  await stage.under('it is deleted', async () => {
    await order(operator, 'DELETE')
    await until('a proxy has made it again', async () => (await entriesIn(operator)) > 8)
  })
  await stage.under('it is deleted and made anew, so that all watches are deaf', async () => {
    const { config } = await order(operator, 'INFO')
    const before = await listings(stage.proxies)
    await order(operator, 'DELETE')
    await order(operator, 'CREATE', config)
    await until('all proxies have read it again', async () =>
      (await listings(stage.proxies)).every((count, at) => count > (before[at] ?? 0)),
    )
  })
  await stage.under('it is emptied', async () => {
    const before = await listings(stage.proxies)
    await order(operator, 'PURGE')
    await until('all proxies have read it again', async () =>
      (await listings(stage.proxies)).every((count, at) => count > (before[at] ?? 0)),
    )
  })
  await stage.under('it is full', async () => {
    const { config } = await order(operator, 'INFO')
    await order(operator, 'UPDATE', { ...config, max_bytes: 1_000 })
    await until('a proxy says so', async () => {
      const reports = await Promise.all(stage.proxies.map((proxy) => proxy.status()))
      return reports.some(({ cluster }) => /maximum bytes/.test(cluster?.reason ?? ''))
    })
    await order(operator, 'UPDATE', config)
  })
  await stage.end()
})

test('the disk of the store is full', { skip: noNats || noTmpfs() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-tmpfs-'))
  mount(folder)
  const nats = await startNats(1, { folders: [folder] }).catch((error) => {
    unmount(folder)
    throw error
  })
  t.after(async () => {
    await nats.close()
    unmount(folder)
  })
  const stage = await startFleetStage(t, ['front-a', 'front-b'], nats.urls, { nodes: 4 })
  await stage.under('until there is room and the server is started again', async () => {
    const filler = join(folder, 'filler')
    fill(filler)
    await until('all proxies are alone', async () => {
      const reports = await Promise.all(stage.proxies.map((proxy) => proxy.status()))
      return reports.every(({ cluster }) => cluster?.mode === 'alone')
    })
    rmSync(filler)
    const [server] = nats.servers
    server?.kill('SIGKILL')
    server?.restart()
  })
  await stage.end()
})

interface Stream {
  readonly config: object
  readonly state: { readonly messages: number }
}

/** An order to JetStream about the stream of the bucket. */
async function order(
  operator: NatsConnection,
  what: 'DELETE' | 'CREATE' | 'INFO' | 'PURGE' | 'UPDATE',
  body: object = {},
): Promise<Stream> {
  const answer = await operator.request(`$JS.API.STREAM.${what}.${stream}`, JSON.stringify(body), {
    timeout: 5_000,
  })
  const read = answer.json<Stream & { readonly error?: object }>()
  assert.equal(read.error, undefined, `${what}: ${JSON.stringify(read.error)}`)
  return read
}

const entriesIn = (operator: NatsConnection): Promise<number> =>
  order(operator, 'INFO').then(
    ({ state }) => state.messages,
    () => 0,
  )

const listings = async (proxies: readonly FleetProxy[]): Promise<readonly number[]> =>
  Promise.all(proxies.map(async (proxy) => (await proxy.status()).cluster?.listings ?? 0))

function mount(folder: string): boolean {
  const size = `size=${tmpfsMiB}m`
  return spawnSync('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', folder]).status === 0
}

function unmount(folder: string): void {
  spawnSync('umount', [folder])
  rmdirSync(folder)
}

function noTmpfs(): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-tmpfs-'))
  const isMounted = mount(folder)
  unmount(folder)
  return isMounted ? false : 'a small file system cannot be mounted here'
}

function fill(file: string): void {
  const piece = Buffer.alloc(1024 * 1024)
  try {
    for (;;) writeFileSync(file, piece, { flag: 'a' })
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  }
}
