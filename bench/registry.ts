// `node dist/bench/registry.js [NODES...]`: what do so many nodes with ten contexts each cost one proxy with two
// workers? Time to register all of them beside traffic and that traffic's p99, one STATUS in the primary, one changed
// context in a worker, memory, and how much longer a start takes with the state file, to the first response of the last
// node in it. Linux only. Exit code 0 when every goal is reached at every size.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Bystander } from './registry/bystander.ts'
import { type Measured, verdicts } from './registry/goals.ts'
import { Lanes } from './registry/lanes.ts'
import { ServedProxy } from './registry/served-proxy.ts'

const contextsPerNode = 10
/** Messages of STATUS and of a changed context that are measured. */
const repeats = 20_000
/** Messages before them: V8 compiles while they run, and a proxy with so many nodes has had them within seconds. */
const warmUpMessages = 4_000
/** Responses before the registration begins. */
const warmUp = 600

const sizes = process.argv.slice(2).map(Number)
let isReached = true
for (const nodes of sizes.length > 0 ? sizes : [100, 1_000, 10_000]) {
  const measured = await measure(nodes)
  const used = Object.entries(measured.cpu).map(([name, s]) => `${name} ${s.toFixed(1)}`)
  console.log(
    `${String(nodes).padStart(6)} nodes  s of processor time to register: ${used.join(', ')}`,
  )
  for (const { text, reached } of verdicts(measured)) {
    console.log(`${String(nodes).padStart(6)} nodes  ${text}`)
    isReached &&= reached
  }
}
process.exitCode = isReached ? 0 : 1

async function measure(nodes: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-registry-'))
  const bystander = await Bystander.start()
  const config = join(folder, 'topspin.json')
  writeFileSync(config, JSON.stringify(configuration(nodes, join(folder, 'state'))))
  const started = performance.now()
  let proxy = await ServedProxy.start(config)
  const emptyMs = performance.now() - started
  try {
    const lanes = new Lanes(proxy.controlPort)
    await lanes.sendGroups([registration(0, bystander.originPort)])
    await bystander.sends(proxy.trafficPort, '/app0', warmUp)
    const from = performance.now()
    const before = { ...proxy.seconds(), ...bystander.seconds(), clients: process.cpuUsage() }
    const others = Array.from({ length: nodes - 1 }, (_, i) =>
      registration(i + 1, bystander.originPort),
    )
    await lanes.sendGroups(others)
    const registerMs = performance.now() - from
    const after = { ...proxy.seconds(), ...bystander.seconds() }
    const { user, system } = process.cpuUsage(before.clients)
    const cpu = {
      primary: after.primary - before.primary,
      workers: after.workers - before.workers,
      'origin and requests': after.bystander - before.bystander,
      'control connections': (user + system) / 1e6,
    }
    const { p99, failed } = await bystander.stops()

    const send = (count: number, message: typeof status): Promise<void> =>
      lanes.send(Array.from({ length: count }, (_, i) => message(i % nodes, i)))
    await send(warmUpMessages, status)
    const statusUs = await proxy.primaryCost(() => send(repeats, status), repeats)
    await send(warmUpMessages, toggled)
    const changeUs = await proxy.workerCost(() => send(repeats, toggled), repeats)
    const memory = proxy.memoryBytes()
    lanes.close()
    await proxy.stop()

    const begun = performance.now()
    proxy = await ServedProxy.start(config)
    await proxy.serves(`/app${(nodes - 1) % contextsPerNode}`)
    const replayMs = performance.now() - begun - emptyMs
    return { nodes, registerMs, cpu, p99, failed, statusUs, changeUs, memory, replayMs }
  } finally {
    await proxy.stop()
    await bystander.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function configuration(nodes: number, state: string): object {
  const limits = { nodes: nodes + 10, aliases: 2 * nodes + 10, contexts: nodes * 11 + 10 }
  const control = { listen: '127.0.0.1:0', limits }
  return { listen: '127.0.0.1:0', control, workers: 2, state, accessLog: 'off' }
}

/** All of 127/8 is this machine on Linux. */
function hostOf(node: number): string {
  return `127.7.${node >> 8}.${node & 255}`
}

function registration(node: number, port: number): string[] {
  const contexts = Array.from({ length: contextsPerNode }, (_, i) => `/app${i}`)
  return [
    `CONFIG JVMRoute=node${node}&Host=${hostOf(node)}&Port=${port}&Type=http`,
    `ENABLE-APP JVMRoute=node${node}&Alias=localhost&Context=${contexts.join(',')}`,
    status(node, 0),
  ]
}

function status(node: number, turn: number): string {
  return `STATUS JVMRoute=node${node}&Load=${40 + (turn % 20)}`
}

function toggled(node: number, turn: number): string {
  const method = Math.floor(turn / 2) % 2 === 0 ? 'DISABLE-APP' : 'ENABLE-APP'
  return `${method} JVMRoute=node${node}&Alias=localhost&Context=/app3`
}
