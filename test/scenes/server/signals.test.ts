// Signals to `topspin serve` while it starts, and SIGUSR1.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { withoutHandler } from '../../../src/node-internals/signals-during-boot.ts'
import { built } from '../../support/child.ts'
import { startNode } from '../../support/node-server.ts'
import { program, startServe, startTopspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
after(() => rmSync(folder, { recursive: true, force: true }))

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  for (const workers of ['0', '2']) {
    test(`${signal} during the start ends in order, ${workers} workers`, async () => {
      // The module of a candidacy function is loaded while the proxy starts.
      const module = join(folder, `${signal}.mjs`)
      writeFileSync(
        module,
        `process.kill(process.pid, '${signal}')\nexport const byNothing = () => (list) => list\n`,
      )
      const addresses = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0']
      const serve = startTopspin(['serve', ...addresses, '--workers', workers], {
        env: { TOPSPIN_CANDIDACY: `${module}#byNothing` },
      })
      const ended = await serve.ended
      assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr)
      assert.match(ended.stdout, /draining/)
    })
  }
}

test('a signal before its handler is kept for it', async () => {
  const early = built('src/cli/early-signals.js')
  const child = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `process.argv[2] = 'agent'
     await import('${early}')
     process.kill(process.pid, 'SIGTERM')
     await new Promise((resolve) => setTimeout(resolve, 50))
     process.on('SIGTERM', (signal) => { console.log('handled', signal); process.exit(7) })
     setTimeout(() => {}, 5_000)`,
  ])
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(code, 7)
  assert.equal(text, 'handled SIGTERM\n')
})

const asFirst = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--mount-proc']
const whyNotFirst =
  spawnSync(asFirst[0] ?? '', [...asFirst.slice(1), 'true']).status === 0
    ? false
    : 'no process namespace can be made here'

test('SIGTERM to process 1 while Node.js starts ends in order', {
  skip: whyNotFirst,
}, async (t) => {
  const addresses = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--workers', '0']
  const [command = '', ...words] = [...asFirst, process.execPath, program, 'serve', ...addresses]
  const outer = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  outer.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const code = new Promise((resolve) => outer.once('close', resolve))
  let first = 0
  t.after(() => {
    if (outer.exitCode === null) process.kill(first, 'SIGKILL')
  })
  // Node.js has its own handler and has run nothing of the program: the program's own takes 50 ms longer.
  await until('Node.js handles SIGTERM', () => {
    first = Number(readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8'))
    return first > 0 && withoutHandler(readFileSync(`/proc/${first}/status`, 'utf8')).length === 0
  })
  process.kill(first, 'SIGTERM')
  assert.equal(await code, 0)
  assert.match(text, /draining/)
})

for (const workers of [0, 2]) {
  test(`SIGUSR2 ends nothing, and SIGQUIT drains, ${workers} workers`, async (t) => {
    const node = await startNode(t)
    const serve = await startServe(
      ['--to', `127.0.0.1:${node.port}`, '--workers', String(workers)],
      {},
      { isGroup: true },
    )
    t.after(() => serve.child.kill('SIGKILL'))
    const group = -Number(serve.child.pid)
    process.kill(group, 'SIGUSR2')
    const slow = fetch(`${serve.traffic}slow`)
    await until('a request is in flight', () => node.slow.length === 1)
    // As a terminal does for Ctrl-\\, to the workers as well.
    process.kill(group, 'SIGQUIT')
    await serve.sees(/draining/)
    node.slow[0]?.end('answered')
    assert.equal(await (await slow).text(), 'answered')
    const ended = await serve.ended
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr)
    assert.doesNotMatch(ended.stdout, /worker ended/)
  })
}

for (const workers of [0, 2]) {
  test(`SIGUSR1 opens the access log again and no debugger, ${workers} workers`, async (t) => {
    const { port } = await startNode(t, (_, response) => response.end('served'))
    const log = join(folder, `access-${workers}.log`)
    const serve = await startServe(
      ['--to', `127.0.0.1:${port}`, '--workers', String(workers)],
      { TOPSPIN_ACCESS_LOG: log },
      { isGroup: true },
    )
    t.after(() => serve.child.kill('SIGKILL'))
    renameSync(log, `${log}.1`)
    // As `pkill -USR1` does, to the workers as well.
    process.kill(-Number(serve.child.pid), 'SIGUSR1')
    await until('there is a new file', () => existsSync(log))
    // Another worker may still have the old file when the first one has opened the new one.
    await until('a request is logged there', async () => {
      await fetch(`${serve.traffic}later`)
      return readFileSync(log, 'utf8').includes('"target":"/later"')
    })
    serve.child.kill('SIGTERM')
    const ended = await serve.ended
    assert.equal(ended.code, 0)
    assert.doesNotMatch(ended.stderr, /Debugger/)
    assert.match(readFileSync(log, 'utf8'), /"target":"\/later"/)
  })
}

test('SIGUSR1 while Node.js starts leaves no debugger open', async (t) => {
  const preload = join(folder, 'usr1.cjs')
  writeFileSync(
    preload,
    `const { url } = require('node:inspector')
     if (process.argv[2] === 'serve') {
       process.debugPort = 0
       process.kill(process.pid, 'SIGUSR1')
       while (url() === undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
     }`,
  )
  const serve = await startServe(['--workers', '0'], { NODE_OPTIONS: `--require=${preload}` })
  t.after(() => serve.child.kill('SIGKILL'))
  const [, port = ''] = /Debugger listening on \S+:(\d+)/.exec(serve.printed.stderr) ?? []
  assert.notEqual(port, '')
  await assert.rejects(fetch(`http://127.0.0.1:${port}/json`))
})
