// `topspin serve` under systemd: it serves on sockets that were opened for it, reports its state, and the units in
// contrib/ are valid.

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePorts } from '../../support/free-ports.ts'
import { get, startNode } from '../../support/node-server.ts'
import { SteadyLoad } from '../../support/steady-load.ts'
import { program, type Running, startTopspin, topspin } from '../../support/topspin.ts'
import { getOverUnix, socketFolder } from '../../support/unix-client.ts'
import { until } from '../../support/until.ts'
import { isAlive, upgraded } from '../../support/upgraded-proxy.ts'

const run = promisify(execFile)

/** A reason to skip, or false. */
const noProgram = (name: string): string | false =>
  spawnSync(name, ['--version']).status === 0 ? false : `${name} is not installed`

const noActivate = noProgram('systemd-socket-activate')

interface Activated extends Pick<Running, 'sees' | 'printed'> {
  readonly child: ChildProcess
}

/** Starts topspin as systemd-socket-activate does, at its first connection. */
function activate(t: TestContext, options: readonly string[], args: readonly string[]): Activated {
  const command = [...options, '--setenv=PATH', process.execPath, program, 'serve', ...args]
  const child = spawn('systemd-socket-activate', command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
    })
  t.after(() => child.kill('SIGKILL'))
  const sees = async (pattern: RegExp): Promise<RegExpExecArray> => {
    let match: RegExpExecArray | null = null
    const find = (): boolean => {
      match = pattern.exec(printed.stdout)
      return match !== null
    }
    await until(`the output matches ${pattern}`, find, 15_000, () => printed)
    return match as unknown as RegExpExecArray
  }
  return { child, printed, sees }
}

/** Connects until systemd-socket-activate listens; the connection makes it start the program. */
async function knock(where: { port: number } | { path: string }): Promise<void> {
  await until('the socket is open', async () => {
    const socket = connect({ host: '127.0.0.1', ...where })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    return isOpen
  })
}

describe('sockets of systemd', { skip: noActivate }, () => {
  for (const workers of ['0', '2']) {
    test(`serve with --workers ${workers}, found by their addresses`, async (t) => {
      const node = await startNode(t)
      const [web = 0, control = 0] = await freePorts(2)
      const args = ['--workers', workers, '--to', `127.0.0.1:${node.port}`]
      const listen = ['--listen', `127.0.0.1:${web}`, '--control', `127.0.0.1:${control}`]
      const options = ['-l', `127.0.0.1:${control}`, '-l', `127.0.0.1:${web}`]
      const serve = activate(t, options, [...args, ...listen])
      await knock({ port: web })
      await serve.sees(/"listening"/)
      assert.equal((await get(web)).text, 'done')
      assert.equal((await get(control, '/readyz')).status, 200)
      serve.child.kill('SIGTERM')
      await once(serve.child, 'exit')
    })
  }

  test('pass to the new process of an upgrade under load, again and again', async (t) => {
    const node = await startNode(t)
    const [web = 0, control = 0] = await freePorts(2)
    const folder = socketFolder(t)
    const path = join(folder, 'web.sock')
    const addresses = [`127.0.0.1:${web}`, `127.0.0.1:${control}`]
    const options = [...addresses, path].flatMap((address) => ['-l', address])
    const where = ['--listen', addresses[0] ?? '', '--listen', `unix:${path}`]
    const to = ['--to', `127.0.0.1:${node.port}`, '--workers', '2', '--control', addresses[1] ?? '']
    const serve = activate(t, options, [...where, ...to])
    await knock({ port: web })
    await serve.sees(/"listening"/)
    const load = new SteadyLoad(t, web, 400)
    let before = serve.child.pid
    for (let times = 0; times < 2; times += 1) {
      const { serving, ending } = await upgraded({ control: addresses[1] ?? '' })
      t.after(() => isAlive(serving.pid) && process.kill(serving.pid, 'SIGKILL'))
      assert.equal(ending.pid, before)
      before = serving.pid
      assert.equal((await getOverUnix(path)).text, 'done')
      await until('the replaced process has ended', () => !isAlive(ending.pid))
    }
    await load.stop()
    assert.deepEqual(load.failures, [])
    t.diagnostic(`${load.good} requests, 0 refused, 0 failed`)
    process.kill(before ?? 0, 'SIGTERM')
    await until('it has ended', () => !isAlive(before ?? 0))
    assert.ok(lstatSync(path).isSocket(), 'the file belongs to systemd')
  })

  test('serve by name, also with TLS off and on unix sockets, whose files stay', async (t) => {
    const node = await startNode(t)
    const folder = socketFolder(t)
    const [path, control] = [join(folder, 'web.sock'), join(folder, 'control.sock')]
    const options = ['-l', path, '-l', control, '--fdname', 'web:control']
    const args = ['--workers', '1', '--to', `127.0.0.1:${node.port}`, '--listen', 'fd:web']
    const serve = activate(t, options, args)
    await knock({ path })
    const [, traffic, nodes] = await serve.sees(/"traffic":\["([^"]+)"\],"control":"([^"]+)"/)
    assert.deepEqual([traffic, nodes], [`http://unix:${path}`, `http://unix:${control}`])
    assert.equal((await getOverUnix(path)).text, 'done')
    assert.equal((await getOverUnix(control, '/readyz', { host: 'localhost' })).status, 200)
    serve.child.kill('SIGTERM')
    await once(serve.child, 'exit')
    assert.ok(lstatSync(path).isSocket(), 'the file belongs to systemd')
  })

  test('a name that was not passed ends the start with a list of those that were', async (t) => {
    const [web = 0] = await freePorts(1)
    const options = ['-l', `127.0.0.1:${web}`, '--fdname', 'http']
    const serve = activate(t, options, ['--listen', 'fd:web', '--control', '0'])
    await knock({ port: web })
    await once(serve.child, 'exit')
    assert.match(serve.printed.stderr, /fd:web is no socket .* http \(fd:3, 127\.0\.0\.1:\d+\)/)
  })

  test('behind another process they are not used, and the log says why', async (t) => {
    const env = { LISTEN_PID: '1', LISTEN_FDS: '1' }
    const serve = startTopspin(['serve', '--listen', '0', '--control', '0'], { env })
    t.after(() => serve.child.kill('SIGKILL'))
    await serve.sees(/sockets of systemd not used/)
    await serve.sees(/"listening"/)
  })
})

const noPython = noProgram('python3')

/** Receives datagrams, as systemd does, and prints each as a line of JSON. */
const receiver = `import socket, sys, json, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
p = sys.argv[1]
s.bind('\\0' + p[1:] if p[0] == '@' else p)
print('"bound"', flush=True)
while True: print(json.dumps(s.recv(4096).decode()), flush=True)`

async function startReceiver(t: TestContext, address: string): Promise<string[]> {
  const child = spawn('python3', ['-c', receiver, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const messages: string[] = []
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    messages.push(...lines.map((line) => JSON.parse(line) as string))
  })
  await until('it is bound', () => messages.length > 0)
  messages.length = 0
  return messages
}

const noNotify = noProgram('systemd-notify')

describe('reports to systemd', { skip: noPython || noNotify }, () => {
  for (const [kind, addressIn] of [
    ['a file', (folder: string) => join(folder, 'notify')],
    ['an abstract socket', (folder: string) => `@${folder}`],
  ] as const) {
    test(`readiness, a reload and the end, at ${kind}`, async (t) => {
      const folder = socketFolder(t)
      const address = addressIn(folder)
      const messages = await startReceiver(t, address)
      const config = join(folder, 'topspin.yaml')
      writeFileSync(config, 'listen: 127.0.0.1:0\ncontrol: { listen: 127.0.0.1:0 }\nworkers: 1\n')
      const env = { NOTIFY_SOCKET: address }
      const serve = startTopspin(['serve', '--config', config], { env })
      t.after(() => serve.child.kill('SIGKILL'))
      const seen = (pattern: RegExp) => (): boolean => messages.some((text) => pattern.test(text))
      await until('it is ready', seen(/^READY=1\nSTATUS=serving http:\/\/127\.0\.0\.1:\d+\/$/))
      messages.length = 0
      serve.child.kill('SIGHUP')
      const before = process.hrtime.bigint() / 1_000n
      await until('the reload is over', seen(/^READY=1\n/))
      const reloading = messages.findIndex((text) => text.startsWith('RELOADING=1\n'))
      assert.ok(
        reloading >= 0 && reloading < messages.findIndex((text) => text.startsWith('READY')),
      )
      const [, usec = '0'] = /^MONOTONIC_USEC=(\d+)$/m.exec(messages[reloading] ?? '') ?? []
      const distance = Number(BigInt(usec) - before)
      assert.ok(Math.abs(distance) < 10_000_000, `a moment ago, by the same clock: ${distance}`)
      serve.child.kill('SIGTERM')
      await until('the end is reported', seen(/^STOPPING=1\nSTATUS=draining after SIGTERM$/))
      assert.equal((await serve.ended).code, 0)
    })
  }

  test('an upgrade, with the new process as the main one', async (t) => {
    const address = join(socketFolder(t), 'notify')
    const messages = await startReceiver(t, address)
    const where = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--workers', '0']
    const env = { NOTIFY_SOCKET: address }
    const serve = startTopspin(['serve', ...where], { env, isGroup: true })
    t.after(() => serve.child.kill('SIGKILL'))
    const [, control = ''] = await serve.sees(/"control":"http:\/\/([^/"]+)/)
    await until('it is ready', () => messages.some((text) => text.startsWith('READY=1')))
    messages.length = 0
    const exited = once(serve.child, 'exit')
    const { stdout, stderr } = await topspin('upgrade', '--control', control)
    const pid = Number(/^process (\d+) serves now/.exec(stdout)?.[1] ?? assert.fail(stderr))
    t.after(() => process.kill(pid, 'SIGKILL'))
    // systemd-notify waits by a message of its own until its message is read.
    const reports = (): string[] => messages.filter((text) => text !== 'BARRIER=1')
    await until('two messages', () => reports().length >= 2)
    assert.match(reports()[0] ?? '', /^RELOADING=1\nMONOTONIC_USEC=\d+\n/)
    assert.match(reports()[1] ?? '', new RegExp(`^MAINPID=${pid}\nREADY=1\nSTATUS=serving http`))
    // Its pipes stay open: the new process has them.
    assert.deepEqual(await exited, [0, null])
    assert.equal(reports().length, 2, 'the replaced process reports no end')
  })

  test('signs of life twice in each interval of the watchdog', async (t) => {
    const address = join(socketFolder(t), 'notify')
    const messages = await startReceiver(t, address)
    const env = { NOTIFY_SOCKET: address, WATCHDOG_USEC: '600000' }
    const serve = startTopspin(['serve', '--listen', '0', '--control', '0', '--workers', '0'], {
      env,
    })
    t.after(() => serve.child.kill('SIGKILL'))
    await until('three signs', () => messages.filter((text) => text === 'WATCHDOG=1').length >= 3)
  })

  test('perl sends them where systemd-notify is missing', {
    skip: noProgram('perl'),
  }, async (t) => {
    const folder = socketFolder(t)
    const { stdout } = await run('sh', ['-c', 'command -v perl'])
    copyFileSync(stdout.trim(), join(folder, 'perl'))
    for (const address of [join(folder, 'notify'), `@${folder}`]) {
      const messages = await startReceiver(t, address)
      const env = { NOTIFY_SOCKET: address, PATH: folder }
      const serve = startTopspin(['serve', '--listen', '0', '--control', '0', '--workers', '0'], {
        env,
      })
      t.after(() => serve.child.kill('SIGKILL'))
      await until('it is ready', () => messages.some((text) => text.startsWith('READY=1')))
    }
  })

  test('without either the proxy serves all the same, and the log says so', async (t) => {
    const folder = socketFolder(t)
    const env = { NOTIFY_SOCKET: join(folder, 'notify'), PATH: folder }
    const serve = startTopspin(['serve', '--listen', '0', '--control', '0', '--workers', '0'], {
      env,
    })
    t.after(() => serve.child.kill('SIGKILL'))
    await serve.sees(/systemd not informed/)
  })
})

test('the units in contrib are valid', { skip: noProgram('systemd-analyze') }, async (t) => {
  const folder = socketFolder(t)
  const units = fileURLToPath(new URL('../../../../contrib/systemd/', import.meta.url))
  const names = ['topspin.service', 'topspin.socket']
  for (const name of names) copyFileSync(join(units, name), join(folder, name))
  assert.ok(existsSync(join(folder, 'topspin.service')))
  const verified = await run('systemd-analyze', [
    'verify',
    ...names.map((name) => join(folder, name)),
  ])
  assert.equal(verified.stderr, '')
  assert.match(readFileSync(join(folder, 'topspin.service'), 'utf8'), /^NotifyAccess=all$/m)
  const service = join(folder, 'topspin.service')
  // 2.5 on a scale to 10; the command fails above.
  await run('systemd-analyze', ['security', '--offline=true', '--threshold=25', service])
})

test('the user and the folder of the configuration are made as contrib says', {
  skip: noProgram('systemd-sysusers') || noProgram('systemd-tmpfiles'),
}, async (t) => {
  const root = socketFolder(t)
  mkdirSync(join(root, 'etc'))
  const units = fileURLToPath(new URL('../../../../contrib/systemd/', import.meta.url))
  await run('systemd-sysusers', [`--root=${root}`, join(units, 'topspin.sysusers')])
  assert.match(readFileSync(join(root, 'etc', 'passwd'), 'utf8'), /^topspin:.*\/nologin$/m)
  await run('systemd-tmpfiles', ['--create', `--root=${root}`, join(units, 'topspin.tmpfiles')])
  const group = /^topspin:\w*:(\d+):/m.exec(readFileSync(join(root, 'etc', 'group'), 'utf8'))?.[1]
  const { mode, gid } = statSync(join(root, 'etc', 'topspin'))
  assert.deepEqual([mode & 0o777, String(gid)], [0o750, group])
})
