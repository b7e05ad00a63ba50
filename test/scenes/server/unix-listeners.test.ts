// `topspin serve` at unix sockets: traffic and control, with and without workers, through crashes and restarts.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { Authority, noOpenssl } from '../../support/certificates.ts'
import { startNode } from '../../support/node-server.ts'
import { leaveStaleSocket } from '../../support/stale-socket.ts'
import { startServe, startTopspin, topspin } from '../../support/topspin.ts'
import { getOverUnix, socketFolder } from '../../support/unix-client.ts'

const run = promisify(execFile)

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

for (const workers of ['0', '2']) {
  test(`clients and commands use unix sockets with --workers ${workers}`, async (t) => {
    const folder = socketFolder(t)
    const [web, control] = [join(folder, 'web.sock'), join(folder, 'control.sock')]
    const config = join(folder, 'topspin.yaml')
    const node = await startNode(t, (req, res) =>
      res.end(JSON.stringify([req.headers['x-forwarded-for'], req.headers.forwarded])),
    )
    writeFileSync(
      config,
      `listen: [{ at: unix:${web}, mode: 666 }]\ncontrol: { listen: unix:${control} }\nto: 127.0.0.1:${node.port}\nworkers: ${workers}\n`,
    )
    await leaveStaleSocket(web)
    const serve = startTopspin(['serve', '--config', config])
    t.after(() => serve.child.kill('SIGKILL'))
    await serve.sees(/"traffic":\["http:\/\/unix:[^"]+\/web.sock"\],"control":"http:\/\/unix:/)
    assert.equal(modeOf(web), '666')
    assert.equal(modeOf(control), '600')
    const answer = await getOverUnix(web, '/', { host: 'app.test' })
    assert.deepEqual(JSON.parse(answer.text), ['unknown', 'for=unknown;proto=http;host="app.test"'])
    const status = await topspin('status', '--control', `unix:${control}`)
    assert.equal(status.code, 0, status.stderr)
    assert.match(status.stdout, /127\.0\.0\.1:\d+/)
    const disable = await topspin(
      'disable',
      `127-0-0-1-${node.port}`,
      '--control',
      `unix:${control}`,
    )
    assert.equal(disable.code, 0, disable.stderr)
    const second = await startTopspin(['serve', '--listen', `unix:${web}`, '--control', '0']).ended
    assert.equal(second.code, 75, second.stderr)
    assert.match(second.stderr, /unix:.*web\.sock is in use by another program/)
    serve.child.kill('SIGTERM')
    assert.equal((await serve.ended).code, 0)
    assert.deepEqual(readdirSync(folder), ['topspin.yaml'])
  })
}

for (const workers of ['0', '2'])
  test(`a start and a reload that fail leave no file behind, ${workers} workers`, async (t) => {
    const folder = socketFolder(t)
    const { port: taken } = await startNode(t)
    const config = join(folder, 'topspin.yaml')
    const put = (listen: string, control: string): void =>
      writeFileSync(
        config,
        `listen: [${listen}]\ncontrol: { listen: ${control} }\nhealth: { listen: 'unix:${folder}/health' }\nto: 127.0.0.1:${taken}\nworkers: ${workers}\n`,
      )
    const [web, busy, free] = [`'unix:${folder}/web'`, `127.0.0.1:${taken}`, '127.0.0.1:0']
    for (const [listen, control] of [
      [`${web}, ${busy}`, `unix:${folder}/control`],
      [web, busy],
    ] as const) {
      put(listen, control)
      assert.equal((await startTopspin(['serve', '--config', config]).ended).code, 75)
      assert.deepEqual(readdirSync(folder), ['topspin.yaml'])
    }
    put(free, free)
    const serve = startTopspin(['serve', '--config', config], { deadlineMs: 60_000 })
    t.after(() => serve.child.kill('SIGKILL'))
    await serve.sees(/"msg":"listening"/)
    put(`${free}, ${web}, ${busy}`, free)
    serve.child.kill('SIGHUP')
    await serve.sees(/configuration not reloaded/)
    assert.deepEqual(readdirSync(folder).sort(), ['health', 'topspin.yaml'])
  })

test('health checks use a unix socket, which a reload moves and the end removes', async (t) => {
  const folder = socketFolder(t)
  const [first, second] = [join(folder, 'health.sock'), join(folder, 'other.sock')]
  const config = join(folder, 'topspin.yaml')
  const write = (listen: string): void =>
    writeFileSync(config, `health: { listen: ${listen} }\nworkers: 0\n`)
  write(`unix:${first}`)
  const serve = await startServe(['--config', config])
  t.after(() => serve.child.kill('SIGKILL'))
  assert.equal((await getOverUnix(first, '/readyz')).status, 200)
  const reload = async (): Promise<void> => {
    const { code, stderr } = await topspin('reload', '--control', new URL(serve.control).host)
    assert.equal(code, 0, stderr)
  }
  write(`{ at: unix:${first}, mode: 600 }`)
  await reload()
  assert.equal(modeOf(first), '600')
  assert.equal((await getOverUnix(first, '/readyz')).status, 200)
  write(`{ at: unix:${second}, mode: 660 }`)
  await reload()
  assert.equal((await getOverUnix(second, '/livez')).status, 200)
  assert.deepEqual([modeOf(second), existsSync(first)], ['660', false])
  serve.child.kill('SIGTERM')
  assert.equal((await serve.ended).code, 0)
  assert.deepEqual(readdirSync(folder), ['topspin.yaml'])
})

test('a proxy that was killed leaves its socket to the next one', async (t) => {
  const folder = socketFolder(t)
  const web = join(folder, 'web.sock')
  const node = await startNode(t)
  const more = { listen: `unix:${web}` }
  const args = ['--to', `127.0.0.1:${node.port}`, '--workers', '1']
  const first = await startServe(args, {}, { ...more, isGroup: true })
  process.kill(-(first.child.pid as number), 'SIGKILL')
  await first.ended
  assert.equal(existsSync(web), true)
  const second = await startServe(args, {}, more)
  t.after(() => second.child.kill('SIGKILL'))
  assert.equal((await getOverUnix(web)).status, 200)
})

test('a worker that is killed takes no client off the air', async (t) => {
  const web = join(socketFolder(t), 'web.sock')
  const node = await startNode(t)
  const args = ['--to', `127.0.0.1:${node.port}`, '--workers', '2']
  const serve = await startServe(args, {}, { listen: `unix:${web}` })
  t.after(() => serve.child.kill('SIGKILL'))
  const { stdout } = await run('pgrep', ['-P', String(serve.child.pid)])
  for (const pid of stdout.trim().split('\n')) {
    process.kill(Number(pid), 'SIGKILL')
    await serve.sees(/worker ended/)
    assert.equal((await getOverUnix(web)).status, 200)
  }
})

test('a file that is no socket is an error that names it', async (t) => {
  const web = join(socketFolder(t), 'web.sock')
  writeFileSync(web, 'mine')
  const ended = await topspin('serve', '--listen', `unix:${web}`, '--control', '0')
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /a file that is no socket has this name/)
})

test('TLS over a unix socket', { skip: noOpenssl }, async (t) => {
  const folder = socketFolder(t)
  const [web, cert, key] = ['web.sock', 'cert.pem', 'key.pem'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  const own = new Authority().issue()
  writeFileSync(cert, own.cert)
  writeFileSync(key, own.key)
  const node = await startNode(t)
  const config = join(folder, 'topspin.yaml')
  writeFileSync(
    config,
    `listen: https://unix:${web}\ntls: { cert: ${cert}, key: ${key} }\nto: 127.0.0.1:${node.port}\n`,
  )
  const serve = startTopspin(['serve', '--config', config, '--control', '0', '--workers', '1'])
  t.after(() => serve.child.kill('SIGKILL'))
  await serve.sees(/listening/)
  const get = () => run('curl', ['-sk', '--unix-socket', web, 'https://app.test/'])
  const answers = await Promise.all(Array.from({ length: 8 }, get))
  assert.deepEqual(new Set(answers.map(({ stdout }) => stdout)), new Set(['done']))
})
