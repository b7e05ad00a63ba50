// Network namespaces with one network between them, as machines of a test: a bridge in a namespace of its own.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

/** Of the names of all namespaces of this process. */
export const prefix: string = `topspin${process.pid}`
export const namespace = (name: string): string => `${prefix}-${name}`

const ip = (...args: readonly string[]): boolean => spawnSync('ip', args).status === 0

/** Why there are no namespaces here; `false`: there are. */
export function noNamespaces(): string | false {
  if (!ip('netns', 'add', namespace('probe'))) return 'network namespaces cannot be made here'
  ip('netns', 'del', namespace('probe'))
  return false
}

/** @param addresses by name of the machine, with the length of the prefix. */
export function makeNetwork(t: TestContext, addresses: Readonly<Record<string, string>>): void {
  const all = ['switch', ...Object.keys(addresses)]
  t.after(() => {
    for (const name of all) ip('netns', 'del', namespace(name))
  })
  for (const name of all) {
    assert.ok(ip('netns', 'add', namespace(name)), `no namespace ${name}`)
    ip('-n', namespace(name), 'link', 'set', 'lo', 'up')
  }
  const bridge = ['-n', namespace('switch'), 'link']
  assert.ok(ip(...bridge, 'add', 'br0', 'type', 'bridge'), 'no bridge')
  ip(...bridge, 'set', 'br0', 'up')
  for (const [name, address] of Object.entries(addresses)) {
    const outer = `v-${name}`
    ip(...bridge, 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace(name))
    ip(...bridge, 'set', outer, 'master', 'br0', 'up')
    ip('-n', namespace(name), 'addr', 'add', address, 'dev', 'eth0')
    assert.ok(ip('-n', namespace(name), 'link', 'set', 'eth0', 'up'), `no network in ${name}`)
  }
}

/** A second network, between the namespace of the bridge, which gets an address, and machines. It is not cut. */
export function addDesk(own: string, addresses: Readonly<Record<string, string>>): void {
  const bridge = ['-n', namespace('switch'), 'link']
  ip(...bridge, 'add', 'br1', 'type', 'bridge')
  ip(...bridge, 'set', 'br1', 'up')
  ip('-n', namespace('switch'), 'addr', 'add', own, 'dev', 'br1')
  for (const [name, address] of Object.entries(addresses)) {
    const outer = `d-${name}`
    ip(...bridge, 'add', outer, 'type', 'veth', 'peer', 'name', 'eth1', 'netns', namespace(name))
    ip(...bridge, 'set', outer, 'master', 'br1', 'up')
    ip('-n', namespace(name), 'addr', 'add', address, 'dev', 'eth1')
    assert.ok(ip('-n', namespace(name), 'link', 'set', 'eth1', 'up'), `no desk for ${name}`)
  }
}

/** A process on a machine. */
export interface Program {
  readonly process: ChildProcess
  /** What it has printed so far. */
  readonly output: () => string
}

export function run(
  t: TestContext,
  name: string,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn('ip', ['netns', 'exec', namespace(name), ...command], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  return { process: child, output: () => text }
}

/** Whether a machine has an address. */
export const holds = (name: string, address: string): boolean =>
  spawnSync('ip', ['-n', namespace(name), '-o', 'addr'], { encoding: 'utf8' }).stdout.includes(
    ` ${address}/`,
  )

/** What a command prints on a machine. */
export const ask = (name: string, ...command: readonly string[]): string =>
  spawnSync('ip', ['netns', 'exec', namespace(name), ...command], { encoding: 'utf8' }).stdout
