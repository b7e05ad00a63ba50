// The commands that show and control a running proxy.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ActionRecord } from '../../../src/control/api/action.ts'
import type { Explanation } from '../../../src/control/explanation.ts'
import type { NodeReport, StatusReport } from '../../../src/control/status-report.ts'
import type { RequestExplanation } from '../../../src/forward/index.ts'
import { sendMessage } from '../../support/control-client.ts'
import { makeFolder } from '../../support/folder.ts'
import { get, startNode } from '../../support/node-server.ts'
import { type Ended, startServe, startTopspin, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

describe('with two nodes', () => {
  let proxy: Awaited<ReturnType<typeof startServe>>
  let control: string
  let port: number

  before(async () => {
    proxy = await startServe(['--workers', '0'], {}, { deadlineMs: 60_000 })
    control = new URL(proxy.control).host
    port = Number(new URL(proxy.control).port)
  })
  after(() => proxy.child.kill('SIGKILL'))

  const run = (...args: readonly string[]): Promise<Ended> => topspin(...args, '--control', control)

  /** Without orders of the tests before. */
  async function register(route: string, at: number): Promise<void> {
    await run('enable', route)
    await sendMessage(port, 'REMOVE-APP', `JVMRoute=${route}`, '/*')
    await sendMessage(port, 'CONFIG', `JVMRoute=${route}&Host=127.0.0.1&Port=${at}&Type=http`)
    await sendMessage(
      port,
      'ENABLE-APP',
      `JVMRoute=${route}&Alias=x.test,y.test&Context=/pay,/shop`,
    )
  }

  test('nodes shows each context with its aliases, as a table and as JSON', async () => {
    await register('shop-a', 81)
    await register('shop-b', 82)
    await sendMessage(port, 'STOP-APP', 'JVMRoute=shop-b&Alias=y.test&Context=/pay')
    const { code, stdout } = await run('nodes')
    assert.equal(code, 0)
    assert.equal(
      stdout,
      [
        'NODE    ADDRESS              STATE     CONTEXT  STATUS   ALIASES',
        'shop-a  http://127.0.0.1:81  starting  /pay     ENABLED  x.test, y.test',
        '                                       /shop    ENABLED  x.test, y.test',
        'shop-b  http://127.0.0.1:82  starting  /pay     ENABLED  x.test',
        '                                       /pay     STOPPED  y.test',
        '                                       /shop    ENABLED  x.test, y.test',
        '',
      ].join('\n'),
    )
    const nodes = (JSON.parse((await run('nodes', '--json')).stdout) as { nodes: NodeReport[] })
      .nodes
    assert.deepEqual(
      nodes.map((node) => [node.route, node.contexts.length]),
      [
        ['shop-a', 4],
        ['shop-b', 4],
      ],
    )
  })

  test('a node is disabled, stopped and enabled with all its contexts', async () => {
    await register('shop-a', 81)
    for (const [word, status] of [
      ['disable', 'DISABLED'],
      ['stop', 'STOPPED'],
      ['enable', 'ENABLED'],
    ] as const) {
      const { code, stdout } = await run(word, 'shop-a')
      assert.deepEqual([code, stdout], [0, `shop-a: ${status} /pay /shop\n`])
    }
  })

  test('one context, or one under one alias, is disabled, stopped and enabled', async () => {
    await register('shop-a', 81)
    const context = await run('disable', 'shop-a', '--context', '/pay')
    assert.equal(context.stdout, 'shop-a: ENABLED /shop, DISABLED /pay\n')
    const { stdout } = await run(
      'stop',
      'shop-a',
      '--context',
      '/shop',
      '--alias',
      'Y.TEST',
      '--json',
    )
    const record = JSON.parse(stdout) as ActionRecord
    assert.deepEqual([record.action, record.nodes[0]?.route], ['stop', 'shop-a'])
    const nodes = (JSON.parse((await run('nodes', '--json')).stdout) as { nodes: NodeReport[] })
      .nodes
    const contexts = nodes.find((node) => node.route === 'shop-a')?.contexts ?? []
    assert.deepEqual(
      contexts.map(({ alias, path, status }) => `${alias}${path} ${status}`).sort(),
      ['x.test/pay DISABLED', 'x.test/shop ENABLED', 'y.test/pay DISABLED', 'y.test/shop STOPPED'],
    )
  })

  test('remove removes a context, then the node', async () => {
    await register('shop-a', 81)
    assert.equal(
      (await run('remove', 'shop-a', '--context', '/pay')).stdout,
      'shop-a: ENABLED /shop\n',
    )
    assert.equal((await run('remove', 'shop-a')).stdout, 'shop-a: removed\n')
    assert.equal((await run('enable', 'shop-a')).code, 1)
  })

  test('an unknown node, context or alias is reported with the existing ones', async () => {
    await register('shop-b', 82)
    for (const [args, words] of [
      [['stop', 'shop-c'], /no node has the name shop-c; did you mean shop-b\?/],
      [
        ['stop', 'shop-b', '--context', '/nowhere'],
        /shop-b has no context \/nowhere; it has ENABLED \/pay \/shop/,
      ],
      [['stop', 'shop-b', '--context', '/pay', '--alias', 'z'], /no context \/pay on z/],
    ] as const) {
      const { code, stdout, stderr } = await run(...args)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, words)
    }
    const alone = await run('stop', 'shop-b', '--alias', 'x.test')
    assert.equal(alone.code, 2)
    assert.match(alone.stderr, /--alias needs --context/)
  })
})

test('explain shows which node a request would go to, and the result of each candidacy function', async (t) => {
  for (const workers of ['0', '2']) {
    const proxy = await startServe(['--workers', workers], {}, { deadlineMs: 60_000 })
    t.after(() => proxy.child.kill('SIGKILL'))
    const port = Number(new URL(proxy.control).port)
    const { port: at } = await startNode(t)
    const { port: other } = await startNode(t)
    for (const [route, nodePort] of [
      ['a', at],
      ['b', other],
    ] as const) {
      await sendMessage(
        port,
        'CONFIG',
        `JVMRoute=${route}&Host=127.0.0.1&Port=${nodePort}&Type=http&Domain=east`,
      )
      await sendMessage(port, 'ENABLE-APP', `JVMRoute=${route}&Alias=x.test&Context=/shop`)
      await sendMessage(port, 'STATUS', `JVMRoute=${route}&Load=50`)
    }
    const control = new URL(proxy.control).host
    const explain = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await topspin('explain', ...args, '--control', control)
      assert.equal(code, 0, stderr)
      return stdout
    }
    const cookie = ['--cookie', 'JSESSIONID=id.b']
    const text = await explain('http://x.test/shop/cart?q=1', ...cookie)
    assert.match(text, /^GET http:\/\/x\.test\/shop\/cart\?q=1 goes to b: bySession chose b of 2\n/)
    assert.match(text, /^context \/shop of balancer mycluster; session of b in domain east$/m)
    assert.match(text, /^bySession +a b +b$/m)
    const explained = JSON.parse(await explain('/shop', ...cookie, '--json')) as RequestExplanation
    assert.deepEqual(
      [
        explained.node,
        explained.refusal,
        explained.session,
        explained.steps.map(({ name, after }) => [name, after]),
      ],
      [
        'b',
        null,
        { present: true, by: 'id', route: 'b', domain: 'east', cookie: null },
        [
          ['usable', ['a', 'b']],
          ['bySession', ['b']],
          ['active', ['b']],
          ['byDomain', ['b']],
          ['byRoom', ['b']],
        ],
      ],
    )
    assert.match(
      text,
      /^clients speak HTTP\/1\.1 or h2, the node HTTP\/1\.1; GET may be sent again/m,
    )
    const posted = JSON.parse(await explain('/shop', '--method', 'post', '--json')) as Explanation
    assert.deepEqual([posted.method, posted.isIdempotent], ['POST', false])
    assert.equal(posted.processes.length, Math.max(1, Number(workers)))
    assert.deepEqual(new Set(posted.processes.map(({ refusal }) => refusal)), new Set([null]))
    assert.match(await explain('/shop', '--method', 'STATUS'), /: 501 MCMP_METHOD, /)
    assert.match(
      await explain('/nowhere'),
      /^GET \/nowhere is answered by the proxy itself: 404 NO_CONTEXT, /,
    )
    await sendMessage(port, 'STOP-APP', 'JVMRoute=a', '/*')
    await sendMessage(port, 'STOP-APP', 'JVMRoute=b', '/*')
    const none = JSON.parse(await explain('/shop', '--json')) as RequestExplanation
    assert.deepEqual(
      [none.node, none.refusal, none.why],
      [null, '503 NO_NODE', 'usable left no candidate'],
    )
    const counted = await topspin('status', '--control', control, '--json')
    const { traffic } = (JSON.parse(counted.stdout) as { proxy: StatusReport }).proxy
    assert.equal(traffic.requests, 0, 'nothing was sent')
    proxy.child.kill('SIGTERM')
  }
})

test('an invalid question is refused', async (t) => {
  const proxy = await startServe(['--workers', '0'])
  t.after(() => proxy.child.kill('SIGKILL'))
  const port = Number(new URL(proxy.control).port)
  for (const query of [
    '',
    '?url',
    '?url=',
    '?url=shop',
    '?url=/a%0d%0aX:1',
    '?url=/&cookie=a%0a',
    '?url=ftp://x/',
  ])
    assert.equal((await get(port, `/api/v1/explain${query}`)).status, 400, query)
  const { status, text } = await get(port, '/api/v1/explain?url=http://%22/')
  assert.equal(status, 200)
  assert.equal((JSON.parse(text) as RequestExplanation).refusal, '400 HTTP_HOST')
})

test('drain waits for the sessions of a node, then for its requests in flight', async (t) => {
  const proxy = await startServe(['--workers', '1'], {}, { deadlineMs: 60_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  const port = Number(new URL(proxy.control).port)
  const traffic = Number(new URL(proxy.traffic).port)
  const node = await startNode(t)
  await sendMessage(port, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${node.port}&Type=http`)
  await sendMessage(port, 'ENABLE-APP', 'JVMRoute=a&Alias=localhost&Context=/')
  await sendMessage(port, 'STATUS', 'JVMRoute=a&Load=100')
  const answer = get(traffic, '/slow', { cookie: 'JSESSIONID=id.a' })
  await until('the node has it', () => node.slow.length === 1)
  const control = new URL(proxy.control).host
  const draining = startTopspin(['drain', 'a', '--within', '500ms', '--control', control])
  const contexts = async (): Promise<string> => (await sendMessage(port, 'INFO')).body
  await until('it is stopped', async () => /STOPPED/.test(await contexts()))
  assert.equal(draining.child.exitCode, null, 'it waits for the request in flight')
  node.slow[0]?.end('at last')
  assert.equal((await answer).text, 'at last')
  const { code, stdout } = await draining.ended
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^a: drained in \d+\.\d s; sessions that move to other nodes: 1; topspin enable a brings it back\n$/,
  )
  assert.equal((await get(traffic, '/')).status, 503)

  await sendMessage(port, 'ENABLE-APP', 'JVMRoute=a', '/*')
  const idle = await topspin('drain', 'a', '--within', '0', '--control', control, '--json')
  assert.equal(idle.code, 0)
  const { drain } = JSON.parse(idle.stdout) as ActionRecord
  assert.deepEqual(drain?.nodes, [{ route: 'a', state: 'done', sessions: 1, inFlight: 0 }])
})

test('a proxy with a secret accepts commands with it only', async (t) => {
  const folder = makeFolder()
  const file = join(folder, 'secret')
  writeFileSync(file, 'open-sesame\n')
  const proxy = await startServe(['--workers', '0', '--to', '127.0.0.1:9'], {
    TOPSPIN_CONTROL_SECRET_FILE: file,
  })
  t.after(() => proxy.child.kill('SIGKILL'))
  const control = new URL(proxy.control).host
  const without = await topspin('disable', '127-0-0-1-9', '--control', control)
  assert.equal(without.code, 1)
  assert.match(without.stderr, /requires its secret; write --secret-file FILE/)
  const withFile = await topspin(
    'disable',
    '127-0-0-1-9',
    '--control',
    control,
    '--secret-file',
    file,
  )
  assert.equal(withFile.stdout, '127-0-0-1-9: DISABLED /\n', withFile.stderr)
  const environment = { TOPSPIN_SECRET: 'open-sesame' }
  const status = await startTopspin(['status', '--control', control], { env: environment }).ended
  assert.match(status.stdout, /DISABLED \//)
  const missing = await topspin(
    'nodes',
    '--control',
    control,
    '--secret-file',
    join(folder, 'none'),
  )
  assert.equal(missing.code, 2)
  assert.match(missing.stderr, /--secret-file: ENOENT/)
})

test('a proxy with an invalid secret file does not start', async () => {
  const folder = makeFolder()
  const file = join(folder, 'secret')
  writeFileSync(file, 'short\n')
  for (const [env, words] of [
    [
      { TOPSPIN_CONTROL_SECRET_FILE: file },
      /control\.secretFile: .* does not contain a valid secret; 8 to 256/,
    ],
    [{ TOPSPIN_CONTROL_SECRET_FILE: join(folder, 'none') }, /control\.secretFile: ENOENT/],
    [{ TOPSPIN_CONTROL_SECRET: 'short-7' }, /TOPSPIN_CONTROL_SECRET: not a secret; 8 to 256/],
  ] as const) {
    const { code, stderr } = await startTopspin(['serve', '--listen', '127.0.0.1:0'], { env }).ended
    assert.equal(code, 78, stderr)
    assert.match(stderr, words)
    assert.doesNotMatch(stderr, /short-7/)
  }
})

test('a control listener that other machines reach without a secret logs a warning', async (t) => {
  for (const [env, warns] of [
    [{}, true],
    [{ TOPSPIN_CONTROL_ALLOW: '127.0.0.0/8' }, false],
    [{ TOPSPIN_CONTROL_SECRET: 'open-sesame' }, false],
  ] as const) {
    const proxy = await startServe(['--workers', '0'], env, { control: '0.0.0.0:0' })
    t.after(() => proxy.child.kill('SIGKILL'))
    assert.equal(/can receive the traffic/.test(proxy.printed.stdout), warns)
  }
})
