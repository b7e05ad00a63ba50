// What commands print with --json fits the shapes that the API of the same proxy describes.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { createProgram } from '../../../src/cli/program.ts'
import { get } from '../../support/node-server.ts'
import { PeerApps, untilHandsTo } from '../../support/peer-apps.ts'
import { joinReporting } from '../../support/reporting-node.ts'
import { type Running, startTopspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'
import { startProxy, type UpgradedProxy } from '../../support/upgraded-proxy.ts'

interface Line {
  /** Name of the shape in the OpenAPI description; that of each line. */
  readonly shape: string
  readonly args?: readonly string[]
  /** It goes on until it is interrupted. */
  readonly follows?: true
}

/** Every command that has --json, in the order in which they run. */
const commands: Readonly<Record<string, readonly Line[]>> = {
  status: [{ shape: 'Status' }],
  nodes: [{ shape: 'Nodes' }],
  contexts: [{ shape: 'Contexts' }],
  peers: [{ shape: 'Peers' }],
  top: [{ shape: 'Top' }],
  explain: [
    { shape: 'Explanation', args: ['/shop'] },
    { shape: 'Explanation', args: ['http://nobody.test/nowhere', '--cookie', 'JSESSIONID=1.a'] },
  ],
  config: [{ shape: 'Configuration' }],
  healthcheck: [{ shape: 'Health' }, { shape: 'Health', args: ['--live'] }],
  doctor: [{ shape: 'Findings' }],
  enable: [{ shape: 'Action', args: ['a'] }],
  disable: [{ shape: 'Action', args: ['a', '--context', '/shop', '--reason', 'kernel'] }],
  stop: [{ shape: 'Action', args: ['--domain', 'blue'] }],
  undo: [{ shape: 'Action', args: ['3'] }],
  eject: [{ shape: 'Action', args: ['a'] }],
  readmit: [{ shape: 'Action', args: ['a'] }],
  weight: [{ shape: 'Action', args: ['50', 'a'] }],
  drain: [
    { shape: 'Action', args: ['a', '--no-wait', '--within', '1m'] },
    { shape: 'Action', args: ['a', '--within', '0s'] },
  ],
  remove: [{ shape: 'Action', args: ['a'] }],
  tail: [{ shape: 'Request', follows: true }],
  events: [
    { shape: 'Event', args: ['--last', '1000'] },
    { shape: 'Event', args: ['--follow', '--last', '1'], follows: true },
  ],
  reload: [{ shape: 'Reloaded' }],
  upgrade: [{ shape: 'Upgraded' }],
}

const peersPath = '/peers-status'

/** A proxy with a node and two peers. */
async function start(t: TestContext): Promise<UpgradedProxy & { readonly file: string }> {
  const apps = await PeerApps.make(t, {
    TOPSPIN_STATUS_PATH: peersPath,
    TOPSPIN_CANDIDACY: 'byRandom',
  })
  const [alpha, beta] = await Promise.all([apps.start('alpha'), apps.start('beta')])
  await untilHandsTo(alpha, 'beta')
  const pages = [alpha, beta].map(({ port }) => `    - http://127.0.0.1:${port}${peersPath}`)
  const proxy = await startProxy(
    t,
    `listen: 127.0.0.1:0
workers: 2
control:
  listen: 127.0.0.1:0
  peers:
${pages.join('\n')}
`,
  )
  const contexts = ['/shop']
  await joinReporting(t, proxy.control, 'a', { domain: 'blue', aliases: ['localhost'], contexts })
  return proxy
}

/** The shapes of /api/v1/openapi.json, by name. */
async function shapesOf({ control }: UpgradedProxy): Promise<ReadonlyMap<string, z.ZodType>> {
  const { text } = await get(Number(control.split(':')[1]), '/api/v1/openapi.json')
  const { components } = JSON.parse(text) as {
    readonly components: { readonly schemas: Readonly<Record<string, object>> }
  }
  return new Map(
    Object.entries(components.schemas).map(([name, shape]) => [
      name,
      z.fromJSONSchema(shape as z.core.JSONSchema.JSONSchema),
    ]),
  )
}

function assertFits(shape: z.ZodType | undefined, text: string, what: string): void {
  assert.ok(shape !== undefined, `${what}: the API describes no such shape`)
  const result = shape.safeParse(JSON.parse(text))
  assert.ok(result.success, `${what}: ${text}\n${result.error}`)
}

/** Ends the command once it has written something. */
async function interrupted(running: Running, { traffic }: UpgradedProxy): Promise<void> {
  const port = Number(new URL(traffic[0] ?? '').port)
  await until('it has written a line', async () => {
    await get(port, '/shop')
    await get(port, '/nowhere')
    return running.printed.stdout.includes('\n')
  })
  running.child.kill('SIGINT')
}

test('what every command prints with --json fits a shape that the API describes', async (t) => {
  const proxy = await start(t)
  const shapes = await shapesOf(proxy)
  const named = createProgram(async () => {})
    .commands.filter(({ options }) => options.some(({ long }) => long === '--json'))
    .map((command) => command.name())
  assert.deepEqual(Object.keys(commands).sort(), named.sort(), 'a command without a shape here')
  for (const [name, lines] of Object.entries(commands)) {
    for (const { shape, args = [], follows } of lines) {
      const line = [name, ...args, '--json', '--control', proxy.control]
      const running = startTopspin(line, { deadlineMs: 110_000 })
      if (follows === true) await interrupted(running, proxy)
      const { code, stdout, stderr } = await running.ended
      assert.equal(code, 0, `${line.join(' ')}: ${stdout}${stderr}`)
      const texts = name === 'doctor' ? [stdout] : stdout.trimEnd().split('\n')
      for (const text of texts) assertFits(shapes.get(shape), text, line.join(' '))
    }
  }
})

test('outcomes that are failures fit a shape, too', async (t) => {
  const proxy = await startProxy(t, 'listen: 127.0.0.1:0\ncontrol: { listen: 127.0.0.1:0 }\n')
  const shapes = await shapesOf(proxy)
  writeFileSync(proxy.file, 'listen: nowhere\n')
  const lines = [
    ['reload', 'Reloaded', 78],
    ['upgrade', 'Upgraded', 1],
    ['doctor', 'Findings', 1],
  ] as const
  for (const [name, shape, exit] of lines) {
    const { code, stdout, stderr } = await startTopspin(
      [name, '--json', '--control', proxy.control],
      { deadlineMs: 110_000 },
    ).ended
    assert.equal(code, exit, stdout + stderr)
    assertFits(shapes.get(shape), stdout, name)
  }
  const gone = await startTopspin(['healthcheck', '--json', '--control', '127.0.0.1:1']).ended
  assert.equal(gone.code, 1)
  assertFits(shapes.get('Health'), gone.stdout, 'healthcheck')
})
