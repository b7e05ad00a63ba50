// `node dist/bench/http2-attacks.js [--seconds N] [--workers N] [NAME]`: what do the attacks of
// test/support/http2-attacks.ts cost an honest client and the proxy? Each attack sends 100,000 frames a second, and connects again when it is sent
// away. Prints how long a connection of the attacker lasted, the p99 of an honest client beside that without attack, the
// memory that stays, and the connections to the node that were opened. Linux only.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { runAttack } from '../test/support/http2-attacker.ts'
import { attacks } from '../test/support/http2-attacks.ts'
import { startServe } from '../test/support/topspin.ts'
import { childrenOf } from '../test/support/workers.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    workers: { type: 'string', default: '0' },
  },
})
const ms = Number(values.seconds) * 1_000
const rate = 100_000

let opened = 0
const node = createServer((request, response) => {
  request.resume()
  request.on('error', () => {})
  response.end('x'.repeat(100))
})
node.keepAliveTimeout = 60_000
node.on('connection', () => opened++)
await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
const to = `127.0.0.1:${(node.address() as AddressInfo).port}`
const proxy = await startServe(
  ['--workers', values.workers, '--to', to],
  {},
  { deadlineMs: 3_600_000 },
)
const port = Number(new URL(proxy.traffic).port)
const pids = [proxy.child.pid ?? 0, ...childrenOf(proxy.child.pid ?? 0)]

/** Requests one after the other until `isOver`. @returns the p99, ms. */
async function honest(isOver: () => boolean): Promise<{ p99: number; failed: number }> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const times: number[] = []
  let failed = 0
  while (!isOver()) {
    const from = performance.now()
    const isGood = await new Promise<boolean>((resolve) => {
      const stream = session.request({ ':path': '/' })
      stream.on('error', () => resolve(false))
      stream.resume().on('close', () => resolve(stream.rstCode === 0))
    })
    if (isGood) times.push(performance.now() - from)
    else failed++
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  session.destroy()
  times.sort((a, b) => a - b)
  return { p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN, failed }
}

/** Resident memory of the proxy and its workers, MB. */
const memory = (): number =>
  pids.reduce((sum, pid) => {
    const [, kb = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return sum + Number(kb) / 1_024
  }, 0)

const timer = (after: number): (() => boolean) => {
  const end = performance.now() + after
  return () => performance.now() > end
}

console.log(`${values.workers} workers, ${values.seconds} s each`)
await honest(timer(3_000))
for (const { name } of attacks) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const before = await honest(timer(2_000))
  const base = memory()
  const openedBefore = opened
  let isOver = false
  const beside = honest(() => isOver)
  const result = await runAttack({ name, port, rate, ms })
  isOver = true
  const during = await beside
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  console.log(
    [
      name.padEnd(50),
      `${Math.round(result.sent / (ms / 1_000))}/s`.padStart(9),
      `${result.connections} connections`.padStart(18),
      `longest ${Math.round(result.longestMs)} ms`.padStart(17),
      `p99 ${before.p99.toFixed(1)} -> ${during.p99.toFixed(1)} ms`.padStart(22),
      `failed ${during.failed}`,
      `memory ${base.toFixed(0)} -> ${memory().toFixed(0)} MB`,
      `to node ${opened - openedBefore}`,
    ].join('  '),
  )
}
proxy.child.kill('SIGTERM')
await proxy.ended
node.closeAllConnections()
node.close()
