// The commands that watch and steer a running proxy, as an operator uses them.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ActionRecord } from '../../../src/control/api/action.ts'
import { get, startNode } from '../../support/node-server.ts'
import { type Ended, startServe, startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

interface Place {
  readonly traffic: number
  readonly control: string
  readonly node: Awaited<ReturnType<typeof startNode>>
  readonly child: { kill(signal: NodeJS.Signals): void }
  run(...args: readonly string[]): Promise<Ended>
}

async function start(t: TestContext, environment: Record<string, string> = {}): Promise<Place> {
  const node = await startNode(t)
  const to = `127.0.0.1:${node.port}`
  const proxy = await startServe(['--workers', '0', '--to', to], environment, {
    deadlineMs: 60_000,
  })
  t.after(() => proxy.child.kill('SIGKILL'))
  const control = new URL(proxy.control).host
  return {
    traffic: Number(new URL(proxy.traffic).port),
    control,
    node,
    child: proxy.child,
    run: (...args) => topspin(...args, '--control', control),
  }
}

const routeOf = async ({ run }: Place): Promise<string> =>
  JSON.parse((await run('nodes', '--json')).stdout).nodes[0].route

test('events, config, contexts, top and healthcheck answer an operator', async (t) => {
  const place = await start(t)
  const { run, control } = place
  const route = await routeOf(place)
  assert.match(
    (await run('events')).stdout,
    new RegExp(`^[\\d:]{8} info  ${route}  node joined  `, 'm'),
  )
  const config = await run('config')
  assert.match(config.stdout, /^workers +0 +--workers$/m)
  assert.match(config.stdout, /keys have their default; --all shows them/)
  assert.match((await run('config', '--all')).stdout, /^http2 +true +default$/m)
  assert.match(
    (await run('contexts')).stdout,
    new RegExp(`^/ +0\\.0 +0\\.0 +- +${route} +ENABLED`, 'm'),
  )
  const top = await run('top')
  assert.match(top.stdout, new RegExp(`^${route} +(up|unchecked) +0\\.0`, 'm'))
  assert.deepEqual(Object.keys(JSON.parse((await run('top', '--json')).stdout)), [
    'nodes',
    'traffic',
  ])
  const healthy = await run('healthcheck')
  assert.deepEqual([healthy.code, healthy.stderr], [0, ''])
  assert.match(healthy.stdout, /^\[\+\] accepts clients\n/)
  const nobody = await topspin('healthcheck', '--control', '127.0.0.1:1')
  assert.equal(nobody.code, 1)
  assert.match(nobody.stderr, /no proxy answers at 127\.0\.0\.1:1/)
  assert.match((await topspin('completion', 'bash')).stdout, /complete -F _topspin topspin/)
  assert.equal((await get(Number(control.split(':')[1]), '/startupz')).text, 'started\n')
})

test('tail and events --follow show what happens, until they are interrupted', async (t) => {
  const place = await start(t)
  const { run, control, traffic } = place
  const tail = startTopspin(['tail', '--path', '/shop', '--json', '--control', control])
  const events = startTopspin(['events', '--follow', '--last', '0', '--control', control])
  await until('the request is shown', async () => {
    await get(traffic, '/shop')
    await get(traffic, '/other')
    return tail.printed.stdout !== ''
  })
  await until('the event is shown', async () => {
    await run('weight', '50', await routeOf(place))
    return /operator: weight node .* action \d/.test(events.printed.stdout)
  })
  for (const running of [tail, events]) running.child.kill('SIGINT')
  assert.deepEqual([(await tail.ended).code, (await events.ended).code], [0, 0])
  for (const line of tail.printed.stdout.trim().split('\n'))
    assert.equal(JSON.parse(line).target, '/shop')
})

test('weight, eject, readmit and undo say what is in force', async (t) => {
  const place = await start(t)
  const { run } = place
  const route = await routeOf(place)
  // The node may stand first, as in the other commands.
  assert.equal((await run('weight', route, '50')).stdout, `${route}: gets 50 % of its share\n`)
  assert.equal(
    (await run('eject', route)).stdout,
    `${route}: ejected; topspin readmit ${route} puts it back\n`,
  )
  assert.match((await run('events')).stdout, /node ejected by order {2}by an operator, from 127/)
  assert.equal((await get(place.traffic, '/')).status, 503)
  const readmitted = await run('readmit', route, '--json')
  const { id } = JSON.parse(readmitted.stdout) as ActionRecord
  assert.equal((await get(place.traffic, '/')).status, 200)
  assert.equal((await run('undo', String(id))).code, 0)
  assert.equal((await get(place.traffic, '/')).status, 503)
  for (const [args, code, words] of [
    [['weight', '0', route], 2, /Write percent, 1 to 100/],
    [['eject'], 2, /the name of a node, or --domain NAME/],
    [['undo', '99'], 1, /no action 99 is kept/],
    [['stop', '--domain', 'nowhere'], 1, /no node has the domain nowhere/],
  ] as const) {
    const { code: exit, stderr } = await run(...args)
    assert.equal(exit, code, stderr)
    assert.match(stderr, words)
  }
})

test('a fixed node is not removed, and wrong numbers are told as such', async (t) => {
  const place = await start(t)
  const { run } = place
  const route = await routeOf(place)
  for (const context of [[], ['--context', '/']]) {
    const removed = await run('remove', route, ...context)
    assert.equal(removed.code, 1)
    assert.match(removed.stderr, /it is a fixed node.* Stop it, or take it out of `to` and reload/)
    assert.doesNotMatch(removed.stderr, /MEM|JVMRoute/)
  }
  assert.equal((await get(place.traffic, '/')).status, 200)
  const undone = await run('undo', 'x')
  assert.equal(undone.code, 2)
  assert.match(undone.stderr, /x is not the number of an action/)
  for (const [first, second] of [
    ['0', route],
    [route, '0'],
  ] as const) {
    const weighed = await run('weight', first, second)
    assert.equal(weighed.code, 2)
    assert.match(weighed.stderr, /: 0 is not a weight/)
  }
})

test('an interrupted drain is taken back', async (t) => {
  const place = await start(t)
  const { run, control, traffic, node } = place
  const route = await routeOf(place)
  const slow = get(traffic, '/slow')
  await until('the node has it', () => node.slow.length === 1)
  const draining = startTopspin(['drain', route, '--within', '1m', '--control', control])
  await until('it is disabled', async () => /DISABLED/.test((await run('nodes')).stdout))
  draining.child.kill('SIGINT')
  const { code, stderr } = await draining.ended
  assert.equal(code, 1)
  assert.match(stderr, /drain taken back/)
  assert.match((await run('nodes')).stdout, /ENABLED/)
  node.slow[0]?.end('done')
  await slow
  const noWait = await run('drain', route, '--no-wait')
  assert.match(noWait.stdout, /draining; topspin undo \d+ takes it back/)
})

test('commands send a token, and a reader may not act', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'token')
  writeFileSync(file, 'reader-token')
  const tokens = JSON.stringify([{ name: 'grafana', token: 'reader-token' }])
  const place = await start(t, { TOPSPIN_CONTROL_TOKENS: tokens })
  const seen = await place.run('nodes', '--json', '--secret-file', file)
  const [{ route }] = JSON.parse(seen.stdout).nodes
  const refused = await place.run('stop', route, '--secret-file', file)
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /only for operators/)
})
