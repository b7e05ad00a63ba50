// `node dist/bench/hand-over.js [--rounds N] [--seconds N]`: what a request costs a web server that has joined
// its peers, beside the same server without them and beside the front proxy, in turns on this machine: user and
// system time of the process, by wrk. What is handed over goes to nginx, or node:http where that is missing.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPeerMembership } from '../src/peer/membership/membership.ts'
import type { JoinedServerOptions } from './peers/joined-server.ts'
import { Child, killAll } from './support/child.ts'
import { fetchFrom } from './support/fetch.ts'
import { flag } from './support/flag.ts'
import { median } from './support/median.ts'
import { startOrigin } from './support/origin.ts'
import { root } from './support/paths.ts'
import { freePort } from './support/ports.ts'
import { until } from './support/until.ts'
import { usageOf } from './support/usage.ts'
import { runWrk } from './support/wrk.ts'

const rounds = Number(flag('--rounds') ?? 5)
const seconds = Number(flag('--seconds') ?? 3)
const path = '/100b'
const key = 'what the servers of this bench share'

const folder = mkdtempSync(join(tmpdir(), 'topspin-hand-over-'))
process.on('exit', () => {
  killAll()
  rmSync(folder, { recursive: true, force: true })
})
const origin = await startOrigin(folder)
const [originPort = 0] = origin.ports

interface Side {
  readonly name: string
  readonly child: Child
  readonly port: number
  readonly micros: number[]
}

const choice = 'byAge 60, byRandom, byCost'
const sides: Side[] = [
  await joined('plain node:http', undefined, 0),
  await joined('joined, path off', 'off', 3),
  await joined('joined, served here, 3 peers', choice, 3),
  await joined(
    'joined, served here, 64 peers, window',
    'byAge 60, byRandom, byLogWindow, addSelf, byCost',
    64,
  ),
  await joined('joined, handed over', 'byAge 60, removeSelf', 2, false),
  await joined('joined, handed over, signed', 'byAge 60, removeSelf', 2),
  await front('front proxy (topspin serve)'),
]
for (const side of sides) {
  const answers = (): Promise<boolean> =>
    fetchFrom(side.port, { path }).then(
      ({ status }) => status === 200,
      () => false,
    )
  if (!(await until(answers, 20_000))) throw new Error(`${side.name}: ${side.child.lastWords()}`)
}
// Peers are known, and what is hot is compiled.
await new Promise((resolve) => setTimeout(resolve, 3_000))
for (const side of sides) await round(side, 1)
for (let i = 0; i < rounds; i++) {
  for (const side of sides) side.micros.push(await round(side, seconds))
}
console.log(
  `${rounds} rounds of ${seconds} s, 32 connections, Node.js ${process.version}, origin ${origin.name}\n`,
)
console.log('| server | CPU, µs per request | lowest and highest round |\n| --- | --- | --- |')
for (const { name, micros } of sides) {
  const text = [Math.min(...micros), Math.max(...micros)].map((it) => it.toFixed(1)).join(' - ')
  console.log(`| ${name} | ${median(micros).toFixed(1)} | ${text} |`)
}
process.exit()

async function round(side: Side, length: number): Promise<number> {
  const before = usageOf(side.child.pid).cpuSeconds
  const drive = { kind: 'get', path, connections: 32, bodyBytes: 100 } as const
  const { requests, errors } = await runWrk(side.port, drive, length)
  if (errors.length > 0) console.log(`${side.name}: ${errors.join(', ')}`)
  return ((usageOf(side.child.pid).cpuSeconds - before) / requests) * 1e6
}

/** @param count peers that it knows, itself included; what is handed over goes to the origin. */
async function joined(
  name: string,
  candidacy: string | undefined,
  count: number,
  hasKey: boolean = true,
): Promise<Side> {
  const port = await freePort()
  const group = `239.255.77.8:${await freePort()}`
  const common = { group, interface: '127.0.0.1', ...(hasKey ? { key } : {}) }
  for (let i = 1; i < count; i++) {
    startPeerMembership({
      ...common,
      address: `http://127.0.0.1:${originPort}`,
      name: `peer-${i}`,
      // Worse placed than the server that is measured.
      resources: () => ({ load: 50, loadHigh: 64, cpuIdle: 0 }),
    })
  }
  const options: JoinedServerOptions = { port, candidacy, group, key: hasKey ? key : undefined }
  const program = fileURLToPath(new URL('peers/joined-server.js', import.meta.url))
  const launch = { command: process.execPath, args: [program, JSON.stringify(options)] }
  return { name, child: new Child(`joined-${port}`, launch, folder), port, micros: [] }
}

async function front(name: string): Promise<Side> {
  const port = await freePort()
  const listen = ['--listen', `127.0.0.1:${port}`, '--control', '127.0.0.1:0', '--workers', '0']
  const args = [
    join(root, 'bin', 'topspin.js'),
    'serve',
    ...listen,
    '--to',
    `127.0.0.1:${originPort}`,
  ]
  const child = new Child('front', { command: process.execPath, args }, folder)
  return { name, child, port, micros: [] }
}
