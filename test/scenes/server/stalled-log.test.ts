// `topspin serve` while the reader of its log stands still, and while its disk is full.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { freePorts } from '../../support/free-ports.ts'
import { startNode } from '../../support/node-server.ts'
import { program } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Started {
  readonly child: ChildProcess
  readonly traffic: string
  readonly control: string
}

/** Starts it with this standard output, which the test does not read; resolves when it serves. */
async function start(
  t: TestContext,
  workers: number,
  accessLog: string,
  stdout: number | 'pipe' | 'ignore',
): Promise<Started> {
  const [listen = 0, controlPort = 0] = await freePorts(2)
  const { port } = await startNode(t, (_, response) => response.end('served'))
  const addresses = ['--listen', `127.0.0.1:${listen}`, '--control', `127.0.0.1:${controlPort}`]
  const more = ['--to', `127.0.0.1:${port}`, '--workers', String(workers)]
  const child = spawn(process.execPath, [program, 'serve', ...addresses, ...more], {
    stdio: ['ignore', stdout, 'ignore'],
    env: { ...process.env, TOPSPIN_ACCESS_LOG: accessLog },
  })
  t.after(() => child.kill('SIGKILL'))
  const started = {
    child,
    traffic: `http://127.0.0.1:${listen}/`,
    control: `http://127.0.0.1:${controlPort}/`,
  }
  const answers = async (): Promise<boolean> =>
    (await (await fetch(started.traffic)).text()) === 'served' &&
    (await fetch(`${started.control}livez`)).ok
  await until('it serves', () => answers().catch(() => false))
  return started
}

const status = async ({ control }: Started): Promise<StatusReport> =>
  (await (await fetch(`${control}api/status`)).json()) as StatusReport

/** More lines than the pipe and all limits hold: each request has a target of 7 KB. */
async function requestUntilDropped(started: Started): Promise<void> {
  const target = started.traffic + 'x'.repeat(7_000)
  await until(
    'lines are dropped',
    async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(target)))
      for (const answer of answers) assert.equal(await answer.text(), 'served')
      return (await status(started)).traffic.logLinesDropped > 0
    },
    30_000,
  )
}

async function endsInOrder({ child }: Started): Promise<void> {
  const ended = new Promise<(number | string | null)[]>((resolve) =>
    child.once('exit', (code, signal) => resolve([code, signal])),
  )
  const began = performance.now()
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  assert.ok(performance.now() - began < 5_000, 'within 5 s')
}

for (const workers of [0, 2]) {
  for (const kind of ['socket', 'named pipe'] as const) {
    test(`a reader of standard output (${kind}) that stands still stops neither traffic nor control, ${workers} workers`, async (t) => {
      const stdout = kind === 'socket' ? 'pipe' : stalledPipe(t).fd
      const started = await start(t, workers, 'stdout', stdout)
      started.child.stdout?.pause()
      await requestUntilDropped(started)
      const metrics = await (await fetch(`${started.control}metrics`)).text()
      assert.match(metrics, /^topspin_log_lines_dropped_total [1-9]/m)
      await endsInOrder(started)
    })
  }

  test(`an access log in a pipe whose reader stands still does not stop ${workers} workers`, async (t) => {
    const started = await start(t, workers, stalledPipe(t).path, 'ignore')
    await requestUntilDropped(started)
    await endsInOrder(started)
  })

  test(`an access log on a full disk does not stop ${workers} workers`, {
    skip: existsSync('/dev/full') ? false : 'no /dev/full here',
  }, async (t) => {
    const started = await start(t, workers, '/dev/full', 'ignore')
    await requestUntilDropped(started)
    await endsInOrder(started)
  })
}

/** A named pipe that has a reader, which never reads. */
function stalledPipe(t: TestContext): { path: string; fd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const fd = openSync(path, constants.O_WRONLY)
  t.after(() => {
    closeSync(reader)
    closeSync(fd)
    rmSync(folder, { recursive: true, force: true })
  })
  return { path, fd }
}
