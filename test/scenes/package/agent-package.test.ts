// The package topspin-agent as scripts/agent-package.js puts it together, installed in an empty folder beside topspin: what
// is in it, and programs that import, require, bundle and type-check both.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { buildSync } from 'esbuild'
import { buildConsole } from '../../support/built-console.ts'
import { startChild } from '../../support/child.ts'
import { installPacked, linkModules, repository } from '../../support/packed-package.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const run = promisify(execFile)
const doors = ['topspin-agent', 'topspin-agent/agent', 'topspin-agent/peer', 'topspin-agent/auto']

let folder = ''
let agent = ''

before(async () => {
  await buildConsole()
  folder = await mkdtemp(join(tmpdir(), 'topspin-agent-packed-'))
  const source = join(folder, 'source')
  await run(process.execPath, [join(repository, 'scripts', 'agent-package.js'), source])
  const modules = join(folder, 'node_modules')
  agent = await installPacked(source, modules)
  await installPacked(repository, modules)
  await linkModules(['@types/node', 'undici-types'], modules)
})

after(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

async function output(...args: readonly string[]): Promise<string> {
  return (await run(process.execPath, args, { cwd: folder })).stdout
}

test('topspin-agent is below 600,000 bytes, needs no package and says where its source is', async () => {
  const description = JSON.parse(await readFile(join(agent, 'package.json'), 'utf8'))
  const whole = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'))
  assert.equal(description.dependencies, undefined)
  assert.equal(description.scripts, undefined)
  for (const key of ['version', 'license', 'repository', 'engines'])
    assert.deepEqual(description[key], whole[key], key)
  const names = await readdir(agent, { recursive: true })
  const files = names.filter((name) => /\.\w+$|^LICENSE$/.test(name))
  const sizes = await Promise.all(files.map(async (name) => (await stat(join(agent, name))).size))
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0)
  assert.ok(size < 600_000, `${size} bytes`)
  assert.ok(files.includes('README.md') && files.includes('LICENSE'))
})

test('TypeScript finds the types of every door where it does not read `exports` (node10)', async () => {
  for (const name of ['topspin', 'topspin-agent']) {
    const inside = join(folder, 'node_modules', name)
    const description = JSON.parse(await readFile(join(inside, 'package.json'), 'utf8'))
    const typed = Object.entries<{ types?: string }>(description.exports).filter(
      ([, { types }]) => types !== undefined,
    )
    assert.ok(typed.length >= 4)
    for (const [door, { types }] of typed) {
      const found =
        door === '.' ? description.types : description.typesVersions['*'][door.slice(2)]?.[0]
      assert.equal(found, types, `${name} ${door}`)
    }
  }
})

test('declarations import no module of Node.js as a whole, which needs esModuleInterop', async () => {
  for (const name of ['topspin', 'topspin-agent']) {
    const inside = join(folder, 'node_modules', name, 'dist')
    const files = (await readdir(inside, { recursive: true })).filter((path) =>
      path.endsWith('.d.ts'),
    )
    assert.ok(files.length > 3, name)
    for (const path of files)
      assert.doesNotMatch(
        await readFile(join(inside, path), 'utf8'),
        /^import (?:type )?\w+(?:,.*)? from 'node:/m,
        path,
      )
  }
})

test('neither package has source maps', async () => {
  for (const name of ['topspin', 'topspin-agent']) {
    const inside = join(folder, 'node_modules', name)
    const files = await readdir(join(inside, 'dist'), { recursive: true })
    assert.ok(files.length > 50, name)
    for (const path of files) assert.ok(!path.endsWith('.map'), path)
  }
})

test('every door can be imported and required, and is one and the same module then', async () => {
  const list = JSON.stringify(doors.slice(0, -1))
  const script = await file(
    'doors.cjs',
    `(async () => {
  for (const door of ${list}) {
    const required = require(door)
    const imported = await import(door)
    console.log(door, required.TopspinError === imported.TopspinError, Object.keys(required).length)
  }
})()`,
  )
  assert.equal(
    await output(script),
    'topspin-agent true 15\ntopspin-agent/agent true 15\ntopspin-agent/peer true 7\n',
  )
})

test('a stack trace has the names of functions', async () => {
  const script = await file(
    'stack.mjs',
    `import { joinPeers } from 'topspin-agent/peer'
await joinPeers(1, { group: '239.255.77.1:4445', insecure: true }).catch(({ stack }) => console.log(stack))`,
  )
  assert.match(await output(script), /at badOption.*\n +at joinPeers \(/)
})

test('a group over NATS names the package that it needs', async () => {
  const script = await file(
    'nats.mjs',
    `import { createServer } from 'node:http'
import { joinPeers } from 'topspin-agent/peer'
await joinPeers(createServer(), { group: 'nats://127.0.0.1:4222/shop', insecure: true }).catch(
  ({ code, message }) => console.log(code, message),
)`,
  )
  assert.equal(
    await output(script),
    'NATS_MISSING group: nats://... needs a package of NATS: npm install @nats-io/transport-node\n',
  )
})

test('applications join with topspin-agent alone: imported, required, preloaded, bundled', async (t) => {
  const { traffic, control } = await startServe()
  const at = new URL(control).host
  const source = (door: string): string => `
const server = require('node:http').createServer((_, r) => r.end('served')).listen(0, '127.0.0.1')
const { joinCluster } = ${door}
joinCluster(server, { proxies: ['${at}'], contexts: ['/' + process.argv[2]], route: process.argv[2], log: false })`
  const required = await file('required.cjs', source("require('topspin-agent')"))
  const imported = await file(
    'imported.mjs',
    `import { createRequire } from 'node:module'
import * as agent from 'topspin-agent'
const require = createRequire(import.meta.url)${source('agent')}`,
  )
  const plain = await file(
    'plain.cjs',
    "require('node:http').createServer((_, r) => r.end('served')).listen(0, '127.0.0.1')",
  )
  const bundled = join(folder, 'alone', 'bundled.cjs')
  const bundle = { bundle: true, platform: 'node', outfile: bundled, logLevel: 'error' } as const
  buildSync({ ...bundle, entryPoints: [required] })
  const preload = ['--import', 'topspin-agent/auto', plain]
  const variables = { TOPSPIN_PROXIES: at, TOPSPIN_CONTEXTS: '/auto' }
  const started = [
    { name: 'required', child: startChild(t, [required, 'required']) },
    { name: 'imported', child: startChild(t, [imported, 'imported']) },
    { name: 'bundled', child: startChild(t, [bundled, 'bundled']) },
    { name: 'auto', child: startChild(t, preload, variables, folder) },
  ]
  for (const { name, child } of started) {
    const isServed = async (): Promise<boolean> =>
      (await (await fetch(`${traffic}${name}/`)).text()) === 'served'
    await until(`${name} is served`, isServed, 20_000, child.output)
  }
})

test('TypeScript checks a program that uses both packages, with their declarations', async () => {
  const lines = (agentDoor: string, peerDoor: string): string => `
import { createServer } from 'node:http'
import { type Agent, busyness, type JoinOptions, joinCluster } from '${agentDoor}'
import { joinPeers, type Peers, startPeers, type UserCandidacy } from '${peerDoor}'
const server = createServer()
const options: JoinOptions = { proxies: ['127.0.0.1:6666'], contexts: ['/shop'] }
const agent: Agent = await joinCluster(server, options)
const peers: Peers = await joinPeers(server, { group: '239.255.77.1:4445', insecure: true })
const candidacy: UserCandidacy = (candidates) => candidates
const started: Peers = startPeers({ group: '239.255.77.1:4445', address: 'http://10.0.0.1:3000' })
// @ts-expect-error: the proxies are a list
joinCluster(server, { proxies: 1 })
console.log(agent.route, peers.counts.here, candidacy, started.known, busyness())
`
  await file(
    'consumer.mts',
    `${lines('topspin-agent', 'topspin-agent/peer')}import 'topspin-agent/auto'\n`,
  )
  await file(
    'whole.mts',
    `${lines('topspin/agent', 'topspin/peer')}import { createProxy } from 'topspin'
import { parseMessage } from 'topspin/mcmp'
console.log(createProxy, parseMessage)
`,
  )
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  }
  const files = ['consumer.mts', 'whole.mts']
  const project = await file('tsconfig.json', JSON.stringify({ compilerOptions, files }))
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json')
  const printed = await output(join(compiler, '..', 'bin', 'tsc'), '-p', project).catch(
    ({ stdout }: { stdout: string }) => stdout,
  )
  assert.equal(printed, '')
})
