// The package as npm would publish it, unpacked in an empty folder: its command, and every way to join from an
// application that has nothing but it.

import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { buildConsole } from '../../support/built-console.ts'
import { type Child, startChild } from '../../support/child.ts'
import { installPacked, repository } from '../../support/packed-package.ts'
import { until } from '../../support/until.ts'

const run = promisify(execFile)

let folder = ''
let command = ''

before(async () => {
  await buildConsole()
  folder = await mkdtemp(join(tmpdir(), 'topspin-packed-'))
  const target = await installPacked(repository, join(folder, 'node_modules'))
  command = join(target, 'bin', 'topspin.js')
})

after(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

/** A command to its end. */
async function topspin(...args: readonly string[]): Promise<{ code: number; text: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [command, ...args], { cwd: folder })
    return { code: 0, text: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, text: stdout + stderr }
  }
}

async function serve(t: TestContext): Promise<{ traffic: string; control: string }> {
  const child = startChild(
    t,
    [command, 'serve', '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'],
    {},
  )
  const listening = /"traffic":\["([^"]+)"\],"control":"http:\/\/([^"/]+)/
  await until('it listens', () => listening.test(child.output()), 20_000, child.output)
  const [, traffic = '', control = ''] = listening.exec(child.output()) ?? []
  return { traffic, control }
}

async function answers(url: string, text: string, child: Child): Promise<void> {
  const isAnswered = async (): Promise<boolean> => {
    const response = await fetch(url).catch(() => undefined)
    return (await response?.text()) === text
  }
  await until(`${url} answers ${text}`, isAnswered, 20_000, child.output)
}

const handler = (text: string): string =>
  `createServer((_, r) => r.end('${text}')).listen(0, '127.0.0.1')`

test('the packed proxy serves the web console', async (t) => {
  const { control } = await serve(t)
  const page = await fetch(`http://${control}/console/`)
  assert.equal(page.status, 200)
  const [, script = ''] = /<script defer src="([^"]+)">/.exec(await page.text()) ?? []
  const bundle = await fetch(`http://${control}/console/${script}`)
  assert.equal(bundle.status, 200)
  assert.equal(bundle.headers.get('content-type'), 'text/javascript; charset=utf-8')
})

test('applications join by import, by require and with no change, and the commands steer them', async (t) => {
  const { traffic, control } = await serve(t)
  const options = (name: string): string =>
    `{ proxies: ['${control}'], contexts: ['/${name}'], route: '${name}', log: false }`
  const esm = await file(
    'app.mjs',
    `import { createServer } from 'node:http'
import { joinCluster } from 'topspin/agent'
await joinCluster(${handler('esm')}, ${options('esm')})`,
  )
  const cjs = await file(
    'app.cjs',
    `const { createServer } = require('node:http')
const { joinCluster } = require('topspin/agent')
joinCluster(${handler('cjs')}, ${options('cjs')})`,
  )
  const plain = await file('plain.cjs', `require('node:http').${handler('plain')}`)
  const variables = (name: string): Record<string, string> => ({
    TOPSPIN_PROXIES: control,
    TOPSPIN_CONTEXTS: `/${name}`,
    TOPSPIN_ROUTE: name,
  })
  await Promise.all([
    answers(`${traffic}esm/`, 'esm', startChild(t, [esm], {})),
    answers(`${traffic}cjs/`, 'cjs', startChild(t, [cjs], {})),
    answers(
      `${traffic}imported/`,
      'plain',
      startChild(t, ['--import', 'topspin/auto', plain], variables('imported'), folder),
    ),
    answers(
      `${traffic}required/`,
      'plain',
      startChild(t, ['-r', 'topspin/auto', plain], variables('required'), folder),
    ),
  ])
  const at = ['--control', control]
  const { text } = await topspin('status', ...at)
  for (const name of ['esm', 'cjs', 'imported', 'required'])
    assert.match(text, new RegExp(`^${name} `, 'm'))
  assert.match((await topspin('drain', 'cjs', ...at)).text, /topspin enable cjs brings it back/)
  assert.equal((await fetch(`${traffic}cjs/`)).status, 503)
  assert.equal((await topspin('enable', 'cjs', ...at)).code, 0)
  assert.equal((await fetch(`${traffic}cjs/`)).status, 200)
  assert.match((await topspin('explain', `${traffic}esm`, ...at)).text, /esm/)
})

test('a command whose reader has gone ends as SIGPIPE ends a program, without a stack trace', async () => {
  for (const args of [['--help'], ['completion', 'bash'], ['serve', '--help']]) {
    const child = spawn(process.execPath, [command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.destroy()
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text
    })
    const [code] = await once(child, 'close')
    assert.deepEqual([code, complaint], [141, ''], args.join(' '))
  }
})

test('a mistake has an exit code of its own and a sentence that says what would be right', async () => {
  const config = await file('bad.yaml', 'lisen: 127.0.0.1:0\n')
  const bad = await topspin('check', config)
  assert.equal(bad.code, 78)
  assert.match(bad.text, /did you mean listen/i)
  const flag = await topspin('serve', '--lisen', '127.0.0.1:0')
  assert.equal(flag.code, 2)
  assert.match(flag.text, /Did you mean --listen/)
  const away = await topspin('status', '--control', '127.0.0.1:1')
  assert.equal(away.code, 1)
  assert.match(away.text, /no proxy answers at 127\.0\.0\.1:1/)
})

test('a section that needs packages of others names them, and is a mistake of the configuration', async () => {
  const at = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--workers', '0']
  const cluster = await file('cluster.yaml', 'cluster: { nats: [nats://127.0.0.1:1] }\n')
  const nats = 'npm install @nats-io/transport-node'
  const peer = [
    '--target',
    'http://127.0.0.1:1',
    '--group',
    'nats://127.0.0.1:1/scene',
    '--insecure',
  ]
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [
      `cluster.nats needs the packages of NATS: ${nats} @nats-io/kv`,
      ['serve', ...at, '--config', cluster],
    ],
    [
      'xds.listen needs the packages of gRPC: npm install @grpc/grpc-js protobufjs@7',
      ['serve', ...at, '--xds', '127.0.0.1:0'],
    ],
    [`group: nats://... needs a package of NATS: ${nats}`, ['peer', ...peer]],
  ]
  for (const [sentence, args] of cases) {
    const { code, text } = await topspin(...args)
    assert.ok(text.includes(`: ${sentence}\n`), text)
    assert.equal(code, 78, args.join(' '))
  }
})

test('tracing needs no package', async (t) => {
  const config = await file(
    'tracing.yaml',
    'listen: 127.0.0.1:0\ncontrol: { listen: 127.0.0.1:0 }\ntracing: { endpoint: "http://127.0.0.1:1" }\n',
  )
  const child = startChild(t, [command, 'serve', '--config', config], {})
  await until(
    'it listens',
    () => child.output().includes('"msg":"listening"'),
    20_000,
    child.output,
  )
})
