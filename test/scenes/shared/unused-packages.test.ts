// The optional packages are loaded where the configuration needs them, and nowhere else. V8's coverage of a process lists all
// modules that it has loaded, of its workers too.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeFolder } from '../../support/folder.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startServe } from '../../support/topspin.ts'

const { dependencies, peerDependencies } = JSON.parse(
  readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
) as Readonly<Record<'dependencies' | 'peerDependencies', Readonly<Record<string, string>>>>
const optional = Object.keys(peerDependencies)

/** The packages that the processes of a proxy load, which serves a request and ends. */
async function loadedBy(t: TestContext, env: Record<string, string> = {}): Promise<Set<string>> {
  const folder = makeFolder()
  const proxy = await startServe(['--workers', '1'], { ...env, NODE_V8_COVERAGE: folder })
  t.after(() => proxy.child.kill('SIGKILL'))
  assert.equal((await fetch(proxy.traffic)).status, 404)
  proxy.child.kill('SIGTERM')
  const { code, stderr } = await proxy.ended
  assert.equal(code, 0, stderr)
  const processes = readdirSync(folder)
  assert.ok(processes.length >= 2, 'the primary and its worker have reported')
  const loaded = new Set<string>()
  for (const name of processes) {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      result: readonly { readonly url: string }[]
    }
    for (const { url } of result) {
      const found = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
      if (found !== undefined) loaded.add(found)
    }
  }
  return loaded
}

test('a proxy that shares no registry and drives no Envoy loads none of the optional packages', async (t) => {
  const loaded = await loadedBy(t)
  assert.ok(Object.keys(dependencies).some((name) => loaded.has(name)))
  assert.deepEqual(
    optional.filter((name) => loaded.has(name)),
    [],
  )
  assert.deepEqual(
    [...loaded].filter((name) => /nats|grpc|protobuf/.test(name)),
    [],
    'nor what these bring with them',
  )
})

test('they are loaded with cluster and xds', async (t) => {
  const [nats, xds] = await freePorts(2)
  const loaded = await loadedBy(t, {
    TOPSPIN_CLUSTER_NATS: `nats://127.0.0.1:${nats}`,
    TOPSPIN_XDS_LISTEN: `127.0.0.1:${xds}`,
  })
  assert.deepEqual(
    optional.filter((name) => !loaded.has(name)),
    [],
  )
})
