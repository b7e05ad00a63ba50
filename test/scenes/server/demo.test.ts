// The demo from start to end: nodes register, traffic flows, one node is redeployed over and over without a failed
// request, and no process outlives the demo, however it ends.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Running, startTopspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const skip = existsSync('/proc/self/stat') ? false : 'needs /proc to see processes'

test('no request fails during redeploys, and Ctrl-C ends every process', { skip }, async (t) => {
  const demo = startDemo()
  t.after(() => demo.child.kill('SIGKILL'))
  await numbers(demo, (seen) => seen.redeploys >= 2 && seen.requests >= 500)
  const children = childrenOf(demo)
  assert.equal(children.length, 4, 'a proxy and three applications')
  demo.child.kill('SIGINT')
  const ended = await demo.ended
  assert.equal(ended.code, 0, ended.stderr)
  const last = [...ended.stdout.matchAll(line)].at(-1)
  assert.equal(last?.groups?.['failed'], '0', ended.stdout)
  assert.deepEqual(children.filter(isAlive), [])
})

test('a node of half the capacity gets fewer requests than the others', { skip }, async (t) => {
  const demo = startDemo()
  t.after(() => demo.child.kill('SIGKILL'))
  await numbers(demo, (seen) => seen.requests >= 600)
  const shares = [...demo.printed.stdout.matchAll(/ ([abc])=[^ ]*,load:(\d+),share:(\d+)%/g)]
  const of = (route: string): number =>
    Number(shares.filter((match) => match[1] === route).at(-1)?.[3])
  assert.ok(of('c') < (of('a') + of('b')) / 2, demo.printed.stdout)
  demo.child.kill('SIGTERM')
  assert.equal((await demo.ended).code, 0)
})

test('the processes of a killed demo end by themselves', { skip }, async (t) => {
  const demo = startDemo()
  t.after(() => demo.child.kill('SIGKILL'))
  await numbers(demo, (seen) => seen.requests > 0)
  const children = childrenOf(demo)
  assert.equal(children.length, 4)
  demo.child.kill('SIGKILL')
  await demo.ended
  await until(
    'all processes have ended',
    () => !children.some(isAlive),
    10_000,
    () => children,
  )
})

test('the demo reports that its proxy died and ends with 1', { skip }, async (t) => {
  const demo = startDemo()
  t.after(() => demo.child.kill('SIGKILL'))
  await numbers(demo, (seen) => seen.requests > 0)
  const children = childrenOf(demo)
  const proxy = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('proxy.js'),
  )
  assert.ok(proxy)
  process.kill(proxy, 'SIGKILL')
  const ended = await demo.ended
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /the proxy of the demo ended unexpectedly/)
  assert.deepEqual(children.filter(isAlive), [])
})

const line = /^requests=(?<requests>\d+) failed=(?<failed>\d+) redeploys=(?<redeploys>\d+) /gm

function startDemo(): Running {
  return startTopspin(['demo', '--listen', '127.0.0.1:0', '--control', '127.0.0.1:0'], {
    deadlineMs: 120_000,
  })
}

async function numbers(
  demo: Running,
  wanted: (seen: { requests: number; redeploys: number }) => boolean,
): Promise<void> {
  await until(
    'the demo has come that far',
    () => {
      const groups = [...demo.printed.stdout.matchAll(line)].at(-1)?.groups
      return wanted({
        requests: Number(groups?.['requests']),
        redeploys: Number(groups?.['redeploys']),
      })
    },
    90_000,
    () => demo.printed,
  )
}

function childrenOf(demo: Running): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => statOf(pid)?.parent === demo.child.pid)
    .map(Number)
}

function isAlive(pid: number): boolean {
  const state = statOf(String(pid))?.state
  return state !== undefined && state !== 'Z'
}

function statOf(pid: string): { state: string; parent: number } | undefined {
  try {
    const [state = '', parent = ''] = (
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1] ?? ''
    ).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}
