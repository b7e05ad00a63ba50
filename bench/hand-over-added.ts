// `node dist/bench/hand-over-added.js [--rounds N] [--seconds N]`: what a server that has joined its peers does more
// for a request that it serves itself, by cascade. Measured at work, under wrk, with the clock: from the server's event
// to its listener, and around what happens when the response is closed; what a plain server takes for the same is
// subtracted. The processor time of the whole process says less (see hand-over.ts): a server that is a microsecond
// slower finds wrk asleep more often, and waking it costs several.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { peerCascade } from '../src/candidacy/index.ts'
import { joinPeers, type Peers } from '../src/peer/index.ts'
import type { Announcers } from './peers/announcers.ts'
import { Child, killAll } from './support/child.ts'
import { flag } from './support/flag.ts'
import { median } from './support/median.ts'
import { freePort } from './support/ports.ts'
import { until } from './support/until.ts'
import { runWrk } from './support/wrk.ts'

const rounds = Number(flag('--rounds') ?? 5)
const seconds = Number(flag('--seconds') ?? 2)
const key = 'what the servers of this bench share'
const drive = { kind: 'get', path: '/', connections: 32, bodyBytes: 100 } as const

/** A server and the microseconds that its requests took before and after the application had them. */
interface Side {
  readonly server: Server
  readonly port: number
  readonly micros: number[]
}

const folder = mkdtempSync(join(tmpdir(), 'topspin-added-'))
process.on('exit', () => {
  killAll()
  rmSync(folder, { recursive: true, force: true })
})
console.log(`${rounds} rounds of ${seconds} s, 32 connections, Node.js ${process.version}\n`)
console.log(
  '| peers | cascade | added, µs: mean | median | plain, µs: mean | median | handed over |',
)
console.log('| ----: | --- | ---: | ---: | ---: | ---: | ---: |')
for (const [count, candidacy] of [
  [3, 'off'],
  [3, 'byAge 60, byRandom, byCost'],
  [5, peerCascade.join(', ')],
  [64, peerCascade.join(', ')],
  [64, 'byAge 60, byRandom, byLogWindow, addSelf, byCost'],
] as const) {
  const [plain, joined] = [await side(), await side()]
  const others: Announcers = { port: await freePort(), count: count - 1, key }
  const group = `127.0.0.1:${others.port}`
  const name = `joined-${joined.port}`
  const peers = await joinPeers(joined.server, { group, key, candidacy, name })
  const announcers = announce(others)
  if (!(await until(() => peers.known.length === count, 20_000))) {
    throw new Error(`peers are missing: ${announcers.lastWords()}`)
  }
  watch(plain)
  watch(joined)
  // What is hot is compiled.
  for (const { port } of [plain, joined]) await runWrk(port, drive, 2)
  const figures: number[][] = []
  for (let i = 0; i < rounds; i++) figures.push([...(await round(plain)), ...(await round(joined))])
  const figure = (of: (row: readonly number[]) => number): string =>
    median(figures.map(of)).toFixed(2)
  const added = [
    figure(([mean = 0, , joinedMean = 0]) => joinedMean - mean),
    figure(([, middle = 0, , joinedMiddle = 0]) => joinedMiddle - middle),
  ]
  const own = [figure(([mean = 0]) => mean), figure(([, middle = 0]) => middle)]
  const { handed } = peers.counts
  console.log(`| ${count} | \`${candidacy}\` | ${[...added, ...own, handed].join(' | ')} |`)
  await end(peers, announcers, plain, joined)
}
process.exit()

/** Mean and median of the microseconds of a round. The mean is that of all but the longest hundredth: those were interrupted. */
async function round(side: Side): Promise<[number, number]> {
  side.micros.length = 0
  const { errors } = await runWrk(side.port, drive, seconds)
  if (errors.length > 0) throw new Error(errors.join(', '))
  const sorted = side.micros.toSorted((a, b) => a - b)
  const kept = sorted.slice(0, Math.floor(sorted.length * 0.99))
  const mean = kept.reduce((sum, one) => sum + one, 0) / kept.length
  return [mean, sorted[sorted.length >> 1] ?? Number.NaN]
}

async function side(): Promise<Side> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port, micros: [] }
}

/** Looks at the clock before and after whoever watches the server's requests, and the closing of its responses. */
function watch({ server, micros }: Side): void {
  const body = Buffer.alloc(100, 'x')
  let [begun, took, closing] = [0, 0, 0]
  const { emit } = server
  server.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
    if (event === 'request') {
      const [, response] = args as [IncomingMessage, ServerResponse]
      response.on('close', closes)
      begun = performance.now()
    }
    return Reflect.apply(emit, this, [event, ...args])
  } as Server['emit']
  server.on('request', (_request, response) => {
    took = performance.now() - begun
    response.on('close', closed)
    response.setHeader('Content-Length', body.length)
    response.end(body)
  })
  function closes(): void {
    closing = performance.now()
  }
  function closed(): void {
    micros.push(1_000 * (took + performance.now() - closing))
  }
}

function announce(others: Announcers): Child {
  const program = fileURLToPath(new URL('peers/announcers.js', import.meta.url))
  const launch = { command: process.execPath, args: [program, JSON.stringify(others)] }
  return new Child(`announcers-${others.port}`, launch, folder)
}

async function end(peers: Peers, announcers: Child, ...sides: readonly Side[]): Promise<void> {
  await Promise.all([peers.close(), announcers.stop()])
  for (const { server } of sides) {
    server.close()
    server.closeAllConnections()
  }
}
