// Proxies that log in to NATS: by a user and a password, with the credentials of an account that may do no more than the
// documentation asks for, and over TLS with certificates on both sides.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import {
  ask,
  equal,
  FleetNode,
  type FleetProxy,
  joined,
  startFleetProxy,
} from '../../support/fleet.ts'
import { makeFolder } from '../../support/folder.ts'
import { type NatsServers, noNats, startNats } from '../../support/nats.ts'
import { accountAndUser } from '../../support/nats-account.ts'
import { until } from '../../support/until.ts'

const skip = noNats

async function serverFor(t: TestContext, lines: string): Promise<NatsServers> {
  const nats = await startNats(1, { lines })
  t.after(() => nats.close())
  return nats
}

/** Of the account of docs/scaling-out.md, for `cluster.name: scene`. */
const rights = {
  pub: ['$KV.topspin_scene.>', 'tsp.scene.>', ...apiOf('KV_topspin_scene')],
  sub: ['$KV.topspin_scene.>', 'tsp.scene.>', '_INBOX_topspin_scene.>'],
}

function apiOf(stream: string): string[] {
  const each = ['STREAM.*', 'STREAM.*.*', 'CONSUMER.*', 'DIRECT.GET'].map(
    (name) => `${name}.${stream}`,
  )
  return ['INFO', ...each, `CONSUMER.*.${stream}.>`, `DIRECT.GET.${stream}.>`].map(
    (name) => `$JS.API.${name}`,
  )
}

/** One registers a node, the other serves it and drains it. */
async function share(t: TestContext, proxies: readonly [FleetProxy, FleetProxy]): Promise<void> {
  const [a, b] = proxies
  await joined(proxies)
  const node = await FleetNode.start(t, 'shop-1', '/shop')
  await node.register(a)
  await until('the other serves it', async () => (await ask(b.port, '/shop')).body === 'shop-1')
  await node.change(b, 'DISABLE-APP')
  await equal(proxies, [node])
}

/** It says why it is alone. */
async function isRefused(proxy: FleetProxy, reason: RegExp): Promise<void> {
  const shown = async (): Promise<boolean> => {
    const { cluster } = await proxy.status()
    return cluster?.mode === 'alone' && reason.test(cluster.reason ?? '')
  }
  await until(`it is alone: ${reason}`, shown, 20_000, async () => (await proxy.status()).cluster)
}

test('a password in the URL lets proxies in, and is shown nowhere', { skip }, async (t) => {
  const nats = await serverFor(t, 'authorization { user: fleet, password: "s:c/r" }')
  const start = (name: string, login: string): Promise<FleetProxy> =>
    startFleetProxy(t, name, [(nats.urls[0] ?? '').replace('nats://', `nats://${login}@`)])
  const proxies = [
    await start('a', 'fleet:s%3Ac%2Fr'),
    await start('b', 'fleet:s%3Ac%2Fr'),
  ] as const
  await share(t, proxies)
  const stranger = await start('stranger', 'fleet:wrong')
  await isRefused(stranger, /authorization violation/i)
  for (const { printed, status } of [...proxies, stranger]) {
    const shown = `${printed.stdout}${printed.stderr}${JSON.stringify(await status())}`
    for (const secret of ['s%3Ac', 's:c/r', 'wrong'])
      if (shown.includes(secret)) throw new Error(`${secret} is shown: ${shown}`)
  }
})

test('credentials with the rights of the documentation suffice', { skip }, async (t) => {
  const { lines, creds } = accountAndUser(rights)
  const nats = await serverFor(t, lines)
  const file = join(makeFolder(), 'fleet.creds')
  writeFileSync(file, creds)
  const start = (name: string, env: Record<string, string>): Promise<FleetProxy> =>
    startFleetProxy(t, name, nats.urls, { env: { TOPSPIN_CLUSTER_NAME: 'scene', ...env } })
  const proxies = [
    await start('a', { TOPSPIN_CLUSTER_CREDS: file }),
    await start('b', { TOPSPIN_CLUSTER_CREDS: file }),
  ] as const
  await share(t, proxies)
  await isRefused(await start('stranger', {}), /authorization violation/i)
})

test('over TLS both sides show certificates', { skip: noNats || noOpenssl }, async (t) => {
  const authority = new Authority()
  const server = authority.issue()
  const nats = await serverFor(
    t,
    `tls { cert_file: "${server.certFile}", key_file: "${server.keyFile}", ca_file: "${authority.certFile}", verify: true }`,
  )
  const urls = nats.urls.map((url) => url.replace('nats://', 'tls://'))
  const own = authority.issue()
  const start = (
    name: string,
    ca: string,
    pair: { certFile: string; keyFile: string } | undefined,
  ) =>
    startFleetProxy(t, name, urls, {
      env: {
        TOPSPIN_CLUSTER_TLS_CA: ca,
        ...(pair === undefined
          ? {}
          : { TOPSPIN_CLUSTER_TLS_CERT: pair.certFile, TOPSPIN_CLUSTER_TLS_KEY: pair.keyFile }),
      },
    })
  const proxies = [
    await start('a', authority.certFile, own),
    await start('b', authority.certFile, own),
  ] as const
  await share(t, proxies)
  await isRefused(await start('no-certificate', authority.certFile, undefined), /./)
  await isRefused(await start('other-authority', new Authority().certFile, own), /certificate/)
})
