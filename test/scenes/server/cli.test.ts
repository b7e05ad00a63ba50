// The command line: help, mistakes and exit codes, serving, reloading and stopping.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { freePorts } from '../../support/free-ports.ts'
import { program, startServe, startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'topspin test '))
after(() => rmSync(folder, { recursive: true, force: true }))

for (const command of [
  [],
  ['serve'],
  ['agent'],
  ['demo'],
  ['status'],
  ['doctor'],
  ['nodes'],
  ['disable'],
  ['drain'],
  ['explain'],
  ['check'],
]) {
  test(`the help of "${['topspin', ...command].join(' ')}" fits one screen`, async () => {
    const { code, stdout } = await topspin(...command, '--help')
    assert.equal(code, 0)
    const lines = stdout.trimEnd().split('\n')
    assert.match(stdout, /^Usage: topspin/)
    assert.ok(lines.length <= 24, `${lines.length} lines`)
    for (const line of lines) assert.ok(line.length <= 80, line)
  })
}

const usageErrors: readonly [string, readonly string[], RegExp][] = [
  ['an unknown command', ['serv'], /Did you mean serve\?/],
  ['an unknown flag', ['serve', '--lisen', '1'], /Did you mean --listen\?/],
  ['a flag without its value', ['serve', '--listen'], /argument missing/],
  ['no command', [], /Usage: topspin/],
  ['a missing argument', ['check'], /missing required argument 'file'/],
  [
    'a target that is not a URL',
    ['agent', '--target', 'localhost'],
    /It is not an http URL; write/,
  ],
  ['a malformed control address', ['status', '--control', 'nowhere'], /Write HOST:PORT/],
]
for (const [name, args, expected] of usageErrors) {
  test(`${name} is answered with advice and exit code 2`, async () => {
    const { code, stdout, stderr } = await topspin(...args)
    assert.equal(code, 2)
    assert.match(stderr, expected)
    assert.match(stderr, /--help/)
    assert.equal(stdout, '')
  })
}

test('--version prints the version of the package', async () => {
  const { code, stdout } = await topspin('--version')
  assert.equal(code, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('check accepts a valid file and reports the problems of an invalid one', async () => {
  const good = file('good.yaml', 'listen: 127.0.0.1:0\n')
  const bad = file('bad.yaml', 'lisen: 127.0.0.1:0\npool:\n  idle: forever\n')
  assert.deepEqual(await topspin('check', good), {
    code: 0,
    signal: null,
    stdout: `${good}: ok\n`,
    stderr: '',
  })
  const { code, stderr } = await topspin('check', bad)
  assert.equal(code, 78)
  assert.match(stderr, /bad\.yaml:1:1: lisen: unknown key; did you mean listen\?\n/)
  assert.match(stderr, /bad\.yaml:3:9: pool\.idle: "forever" is not a duration/)
  assert.match(stderr, /2 problems/)
})

test('hidden characters of a configuration file are visible in its problems', async () => {
  const bad = file('hidden.yaml', 'control:\n  listen: "x\\u202ey\\e[31m"\n')
  for (const args of [
    ['check', bad],
    ['serve', '--config', bad],
  ]) {
    const { code, stderr } = await topspin(...args)
    assert.equal(code, 78)
    assert.doesNotMatch(stderr, /[\u202e\u001b]/)
    assert.match(stderr, /x\\u\{202e\}y/)
  }
})

test('check reports a missing file', async () => {
  const { code, stderr } = await topspin('check', join(folder, 'nowhere.yaml'))
  assert.equal(code, 78)
  assert.match(stderr, /nowhere\.yaml: cannot be read: ENOENT/)
})

test('serve refuses a bad flag with exit code 2 and a bad configuration with 78', async () => {
  const flag = await topspin('serve', '--listen', 'here')
  assert.equal(flag.code, 2)
  assert.match(flag.stderr, /^--listen: "here" is not an address/)
  const both = await topspin('serve', '--listen', 'here', '--config', file('no.yaml', 'x: 1\n'))
  assert.equal(both.code, 78)
  assert.match(both.stderr, /no\.yaml:1:1: x: unknown key/)
})

test('serve on an address in use ends with exit code 75 and advice', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`
  for (const args of [
    ['--listen', taken, '--control', '127.0.0.1:0'],
    ['--listen', '127.0.0.1:0', '--control', taken],
  ]) {
    const { code, stderr } = await topspin('serve', ...args)
    assert.equal(code, 75, stderr)
    assert.ok(stderr.includes(`${taken} is in use`), stderr)
    assert.match(stderr, /--listen HOST:PORT --control HOST:PORT/)
  }
})

test('the demo on an address in use ends with exit code 75 and advice for npm start', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`
  const { code, stderr } = await topspin('demo', '--listen', taken, '--control', '127.0.0.1:0')
  assert.equal(code, 75, stderr)
  assert.ok(stderr.includes(`${taken} is in use`), stderr)
  assert.match(stderr, /npm start -- --listen HOST:PORT --control HOST:PORT/)
})

test('serve forwards to a fixed node, lists it, and ends with 0 on SIGTERM', async (t) => {
  const node = createServer((_, response) => response.end('from the node\n')).listen(0, '127.0.0.1')
  t.after(() => node.close())
  await new Promise((resolve) => node.once('listening', resolve))
  const address = `127.0.0.1:${(node.address() as AddressInfo).port}`
  const serve = await startServe(['--to', address])
  t.after(() => serve.child.kill('SIGKILL'))
  const response = await fetch(serve.traffic)
  assert.equal(response.status, 200)
  assert.equal(await response.text(), 'from the node\n')
  const control = new URL(serve.control).host
  const table = await topspin('status', '--control', control)
  assert.equal(table.code, 0, table.stderr)
  assert.ok(table.stdout.includes(address), table.stdout)
  const json = await topspin('status', '--control', control, '--json')
  assert.equal(JSON.parse(json.stdout).nodes.length, 1)
  serve.child.kill('SIGTERM')
  const ended = await serve.ended
  assert.equal(ended.code, 0, ended.stderr)
})

test('serve refuses misspelt variables, and the secret of nodes without one of its own', async () => {
  const environment = { TOPSPIN_LISTN: '127.0.0.1:1', TOPSPIN_COLOUR: 'red' }
  const misspelt = await startTopspin(['serve'], { env: environment }).ended
  assert.equal(misspelt.code, 78)
  assert.match(misspelt.stderr, /^TOPSPIN_LISTN: is not known; did you mean TOPSPIN_LISTEN\?$/m)
  assert.match(misspelt.stderr, /^TOPSPIN_COLOUR: is not a variable of Topspin/m)
  const open = await startTopspin(['serve'], { env: { TOPSPIN_SECRET: 'open-sesame' } }).ended
  assert.equal(open.code, 78)
  assert.match(open.stderr, /^TOPSPIN_SECRET: .*TOPSPIN_CONTROL_SECRET/m)
})

test('serve continues when its log cannot be written, and reports that once', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full here',
}, async (t) => {
  const [listen = 0, control = 0] = await freePorts(2)
  const full = openSync('/dev/full', 'w')
  const addresses = ['--listen', `127.0.0.1:${listen}`, '--control', `127.0.0.1:${control}`]
  const child = spawn(process.execPath, [program, 'serve', ...addresses], {
    stdio: ['ignore', full, 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  closeSync(full)
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const answers = async (): Promise<boolean> =>
    (await topspin('status', '--control', `127.0.0.1:${control}`)).code === 0
  await until('the proxy answers', answers)
  child.kill('SIGHUP')
  await until('the failure is reported', () => errors !== '')
  assert.ok(await answers())
  assert.match(errors, /^topspin: the log cannot be written: ENOSPC[^\n]*\n$/)
})

test('status reports that no proxy answers', async () => {
  const { code, stderr } = await topspin('status', '--control', '127.0.0.1:1')
  assert.equal(code, 1)
  assert.match(stderr, /127\.0\.0\.1:1.*ECONNREFUSED|no proxy answers at 127\.0\.0\.1:1/)
})

test('status accepts a port alone, and reports another program at that port', async (t) => {
  const bodies = ['{"status":"fine"}', 'null', '<html>']
  const other = createServer((_, response) => response.end(bodies.shift())).listen(0, '127.0.0.1')
  t.after(() => other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  while (bodies.length > 0) {
    const { code, stderr } = await topspin('status', '--control', String(port))
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^topspin: http:\/\/127\.0\.0\.1:\d+\S+ did not answer with a report: .*\n$/,
    )
  }
})

test('SIGHUP puts a valid file in force, and changes nothing with an invalid one', async (t) => {
  const nodes = ['one', 'two'].map((name) =>
    createServer((_, response) => response.end(name)).listen(0, '127.0.0.1'),
  )
  t.after(() => {
    for (const node of nodes) node.close()
  })
  await Promise.all(nodes.map((node) => new Promise((resolve) => node.once('listening', resolve))))
  const [one, two] = nodes.map((node) => (node.address() as AddressInfo).port)
  const config = file('reload.yaml', `to: ${one}\n`)
  const serve = await startServe(['--config', config])
  t.after(() => serve.child.kill('SIGKILL'))
  const answer = async (): Promise<string> => await (await fetch(serve.traffic)).text()
  assert.equal(await answer(), 'one')

  file('reload.yaml', `to: ${two}\npool: { idl: 1s }\n`)
  serve.child.kill('SIGHUP')
  await serve.sees(/reload\.yaml:2:9: pool\.idl: unknown key; did you mean idle\?/)
  assert.equal(await answer(), 'one')

  file('reload.yaml', `to: ${two}\nvia: other\n`)
  serve.child.kill('SIGHUP')
  await serve.sees(/"changed":\["to","via"\]/)
  await until('the second node answers', async () => (await answer()) === 'two')
  serve.child.kill('SIGINT')
  assert.equal((await serve.ended).code, 0)
})

test('a path with spaces works, and an incomplete installation is reported', () => {
  const root = dirname(dirname(program))
  const there = join(folder, 'a copy')
  cpSync(join(root, 'bin'), join(there, 'bin'), { recursive: true })
  cpSync(join(root, 'package.json'), join(there, 'package.json'))
  const run = (): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [join(there, 'bin', 'topspin.js'), '--version'], {
      encoding: 'utf8',
    })
  const missing = run()
  assert.equal(missing.status, 1)
  assert.match(String(missing.stderr), /dist\/ is missing from this installation/)
  cpSync(join(root, 'dist', 'src'), join(there, 'dist', 'src'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(there, 'node_modules'), 'dir')
  const built = run()
  assert.equal(built.status, 0, String(built.stderr))
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
