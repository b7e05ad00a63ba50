// The console in a browser, over a real cluster: what it shows, each action with its undo, and what it must never do.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { joinCluster } from '../../../src/agent/index.ts'
import { ConsolePages } from '../../../src/console/console-pages.ts'
import type { Message } from '../../../src/wire/mcmp/message.ts'
import { parseMessage } from '../../../src/wire/mcmp/parse.ts'
import { noBrowser, openPage, startBrowser } from '../../support/browser.ts'
import { clusterOf, contextOf } from '../../support/cluster-fixture.ts'
import { controlBench } from '../../support/control-bench.ts'
import { get, type NodeServer, startNode } from '../../support/node-server.ts'
import { startServe, topspin } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const skip = noBrowser

interface Cluster {
  /** URL of the control listener. */
  readonly base: string
  readonly control: string
  /** Port for clients. */
  readonly port: number
  readonly nodes: readonly NodeServer[]
  readonly browser: Browser
}

/** A proxy with nodes `a`, `b`, ... that serve `/` and `/shop`, and a browser. */
async function startCluster(
  t: TestContext,
  routes: readonly string[] = ['a', 'b'],
  contexts: readonly string[] = ['/', '/shop'],
): Promise<Cluster> {
  const serve = await startServe(['--workers', '0'], {}, { deadlineMs: 280_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  const control = new URL(serve.control).host
  const nodes: NodeServer[] = []
  for (const route of routes) {
    const node = await startNode(t)
    nodes.push(node)
    const agent = await joinCluster(node.server, {
      proxies: [control],
      route,
      contexts,
      reportIntervalMs: 1_000,
      log: false,
    })
    t.after(() => agent.close())
  }
  const browser = await startBrowser(t)
  return { base: serve.control, control, port: Number(new URL(serve.traffic).port), nodes, browser }
}

const row = (page: Page, route: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name: route, exact: true }) })

const sees = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor()

test('the overview shows nodes, contexts and traffic, and follows them', { skip }, async (t) => {
  const { base, port, browser } = await startCluster(t)
  const { page, complaints } = await openPage(browser, base)
  await row(page, 'a').getByText('up').waitFor()
  await row(page, 'b').getByText('/shop').waitFor()
  await sees(page, /^Everything is well: 2 of 2 nodes up/)

  const ended = new AbortController()
  t.after(() => ended.abort())
  void (async () => {
    while (!ended.signal.aborted) await get(port, '/shop/x').catch(() => {})
  })()
  const rate = page.locator('.figure strong').first()
  await until(
    'requests are counted',
    async () => Number((await rate.textContent())?.replace(',', '')) > 10,
  )
  ended.abort()

  const node = await startNode(t)
  const agent = await joinCluster(node.server, {
    proxies: [new URL(base).host],
    route: 'late',
    log: false,
  })
  await row(page, 'late').waitFor()
  await agent.close()
  await row(page, 'late').waitFor({ state: 'detached' })
  await sees(page, /left .* ago|has contexts out of service/)
  assert.deepEqual(complaints, [])
})

test('a filter and the keys find a node without a mouse', { skip }, async (t) => {
  const { base, browser } = await startCluster(t)
  const { page, complaints } = await openPage(browser, base)
  await row(page, 'a').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('b /shop')
  await row(page, 'a').waitFor({ state: 'detached' })
  await row(page, 'b').getByRole('link').focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'b', exact: true }).waitFor()
  await page.keyboard.press('3')
  await page.getByRole('heading', { name: 'Events', exact: true }).waitFor()
  await page.keyboard.press('?')
  await sees(page, 'light, dark, or as the system')
  assert.deepEqual(complaints, [])
})

test('an operator disables, enables, stops and removes a node, and undoes it', {
  skip,
}, async (t) => {
  const { base, browser } = await startCluster(t)
  const { page, complaints } = await openPage(browser, base, '#/nodes/a')
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const dialog = page.getByRole('dialog')

  await button('Disable').click()
  await dialog.getByText('Requests of its 0 sessions still go to it').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'detached' })
  await button('Disable').click()
  await dialog.getByLabel('Reason').fill('kernel update')
  await dialog.getByRole('button', { name: 'Disable node a' }).click()
  await sees(page, 'Node a is disabled.')
  await sees(page, 'Node a is disabled by order of an operator')
  await sees(page, /Node a is disabled\. by an operator from 127\.0\.0\.1 · kernel update/)
  await button('Undo').click()
  await sees(page, 'Undone: the orders are as they were before.')
  await sees(page, /^Everything is well/)

  await button('Stop').click()
  await dialog.getByRole('button', { name: 'Stop node a' }).click()
  await sees(page, 'Node a is stopped by order of an operator')
  await button('Enable').first().click()
  await sees(page, /^Everything is well/)

  await button('Disable /shop on localhost').click()
  await dialog.getByRole('button', { name: 'Disable /shop on node a' }).click()
  await sees(page, '/shop on node a is disabled.')
  await button('Enable /shop on localhost').click()
  await sees(page, '/shop on node a is enabled.')

  const { actions } = (await (await fetch(`${base}api/v1/actions`)).json()) as {
    actions: { action: string; reason?: string }[]
  }
  assert.deepEqual(
    actions.map(({ action }) => action),
    ['disable', 'undo', 'stop', 'enable', 'disable', 'enable'],
  )
  assert.equal(actions[0]?.reason, 'kernel update')

  await button('Remove').click()
  await dialog.getByText('This cannot be undone here.').waitFor()
  await dialog.getByRole('button', { name: 'Remove node a' }).click()
  // It is alive, and so registers again with its next report.
  await sees(page, /^It left/)
  await button('Remove').waitFor()
  assert.deepEqual(complaints, [])
})

test('stopping the only node of a path is warned of', { skip }, async (t) => {
  const { base, browser } = await startCluster(t, ['a'])
  const { page } = await openPage(browser, base, '#/nodes/a')
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page
    .getByRole('dialog')
    .getByText('No other node serves / and /shop: requests get 503.')
    .waitFor()
})

test('explain tells the way of a request, a 404 and a 503', { skip }, async (t) => {
  const { base, control, browser } = await startCluster(t, ['a', 'b'], ['/shop'])
  const { page, complaints } = await openPage(browser, base, '#/explain')
  const ask = async (url: string, cookie = ''): Promise<void> => {
    await page.getByLabel('URL or path').fill(url)
    await page.getByLabel('Cookie').fill(cookie)
    await page.keyboard.press('Enter')
  }
  await ask('http://localhost/shop/cart', 'JSESSIONID=x.b')
  await sees(page, 'This request goes to node b.')
  await sees(page, 'The path belongs to context /shop of balancer mycluster, which')
  await sees(
    page,
    "The request has a session on node b (recognised by the application's session id).",
  )
  await page
    .getByRole('row', { name: /^a falls out .*the session belongs to another node/ })
    .waitFor()

  await ask('http://localhost/wiki')
  await sees(page, 'The proxy answers 404 (NO_CONTEXT).')
  await sees(page, /No registered node has a context for this host and path/)

  for (const node of ['a', 'b'])
    assert.equal((await topspin('stop', node, '--control', control)).code, 0)
  await ask('http://localhost/shop')
  await sees(page, 'The proxy answers 503 (NO_NODE).')
  await page
    .getByRole('row', {
      name: /^a falls out .*stopped by order of an operator \(the node says enabled\)/,
    })
    .waitFor()
  assert.match(
    page.url(),
    /#\/explain\?url=http%3A%2F%2Flocalhost%2Fshop$/,
    'the address can be sent to others',
  )

  await ask('no url')
  await sees(page, /url is not a URL/)
  // The browser itself notes the 400.
  assert.deepEqual(
    complaints.filter((text) => !/status of 400/.test(text)),
    [],
  )
})

test('a node named <script> is shown as text', { skip }, async (t) => {
  const name = '<script>alert(1)</script>'
  const bench = await controlBench({ consolePages: new ConsolePages() })
  t.after(() => bench.control.close())
  // Messages may not have such names, so it comes from elsewhere.
  const config = 'JVMRoute=x&Host=127.0.0.1&Port=9&Balancer=x&Domain=x'
  const parsed = parseMessage({
    method: 'CONFIG',
    target: '/',
    body: Buffer.from(config),
    accept: '',
    contentType: '',
    userAgent: '',
    sender: '',
  })
  assert.ok(parsed.ok)
  const names = { route: name, balancer: '<b>x</b>', domain: '"><img src=x>' }
  bench.registry.apply({ ...parsed.message, ...names } as Message, {
    now: 0,
    answers: new Map(),
    live: (id) => bench.live.of(id),
  })
  const browser = await startBrowser(t)
  const { page, complaints } = await openPage(browser, `http://127.0.0.1:${bench.port}/`)
  await row(page, name).waitFor()
  await sees(page, '<b>x</b>')
  await sees(page, '"><img src=x>')
  await row(page, name).getByRole('link').click()
  await page.getByRole('heading', { name, exact: true }).waitFor()
  assert.deepEqual(complaints, [])
})

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')
const violations = `axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) =>
  ({ id, impact, html: nodes[0].html, why: nodes[0].failureSummary })))`

test('the console is usable for screen readers, in both colours and on narrow screens', {
  skip,
}, async (t) => {
  const contexts = ['/', '/shop', '/api/v1/customers/of/the/shop']
  const { base, browser, control, port } = await startCluster(t, ['a', 'b'], contexts)
  await topspin('disable', 'b', '--control', control)
  for (const look of [
    { scheme: 'light' },
    { scheme: 'dark', width: 360, height: 780 },
    { scheme: 'dark' },
    { scheme: 'light', width: 360, height: 780 },
  ] as const) {
    for (const hash of [
      '',
      '#/nodes/b',
      '#/explain?url=http://localhost/shop',
      '#/events',
      '#/tail',
      '#/tail?follow=yes',
      '#/proxy',
      '#/peers',
    ]) {
      const { page, complaints } = await openPage(browser, base, hash, look)
      await page.locator('main :is(h1, h2)').first().waitFor()
      if (hash.endsWith('follow=yes')) {
        const shown = page.getByTitle('Explain this request').first()
        await until('a request is shown', async () => {
          await get(port, '/api/v1/customers/of/the/shop')
          return (await shown.count()) > 0
        })
        const { x = 0, width: wide = 0 } = (await shown.boundingBox()) ?? {}
        assert.ok(wide > 100 && x + wide <= (look.width ?? 1280), `a request of ${wide} px at ${x}`)
      }
      // By the debugger, which the page's policy does not bind.
      await page.evaluate(axe)
      const found = await page.evaluate(violations)
      assert.deepEqual(found, [], `${JSON.stringify(look)} ${hash}`)
      const [scrolls = 0, width = 0]: number[] = await page.evaluate(
        '[document.documentElement.scrollWidth, innerWidth]',
      )
      const cut: string[] = await page.evaluate(`[...document.querySelectorAll('nav a')]
        .filter((link) => link.getBoundingClientRect().right > innerWidth).map((link) => link.text)`)
      assert.deepEqual(cut, [], `links that are cut off at ${width} px`)
      assert.ok(scrolls <= width, `${hash} is ${scrolls} px wide on a screen of ${width}`)
      // The browser notes the answer that there are no peers.
      const own = complaints.filter((text) => hash !== '#/peers' || !/status of 404/.test(text))
      assert.deepEqual(own, [])
      await page.context().close()
    }
  }
})

test('an operator drains a node by command while a browser watches', { skip }, async (t) => {
  const { base, control, port, nodes, browser } = await startCluster(t)
  const { page, complaints } = await openPage(browser, base, '#/nodes/a')
  const failed: string[] = []
  const slow = get(port, '/slow', { Cookie: 'JSESSIONID=x.a' })
  await until('a request is under way', () => nodes[0]?.slow.length === 1)
  const ended = new AbortController()
  t.after(() => ended.abort())
  const steady = (async () => {
    while (!ended.signal.aborted) {
      const { status } = await get(port, '/shop')
      if (status !== 200) failed.push(String(status))
    }
  })()
  const left = page.locator('.left').filter({ hasText: 'request' }).locator('strong')
  const drained = topspin('drain', 'a', '--within', '2s', '--control', control)
  await page.getByRole('heading', { name: 'Draining', exact: true }).waitFor()
  await until('the page counts the request', async () => (await left.textContent()) !== '0')
  nodes[0]?.slow[0]?.end('done')
  assert.equal((await slow).status, 200)
  assert.equal((await drained).code, 0)
  await page.getByRole('heading', { name: 'Drained', exact: true }).waitFor()
  assert.equal(await left.textContent(), '0')
  ended.abort()
  await steady
  assert.deepEqual(failed, [])

  await page.getByRole('button', { name: 'Bring it back' }).click()
  await sees(page, /^Everything is well/)
  const { text } = await get(port, '/shop', { Cookie: 'JSESSIONID=x.a' })
  assert.equal(text, 'done')
  assert.deepEqual(complaints, [])
})

test('a drain by the page is counted down, and can be cancelled', { skip }, async (t) => {
  const { base, port, browser } = await startCluster(t)
  await get(port, '/shop', { Cookie: 'JSESSIONID=x.a' })
  const { page, complaints } = await openPage(browser, base, '#/nodes/a')
  await page.getByRole('button', { name: 'Drain', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Sessions may continue for').selectOption('2 min')
  await dialog.getByRole('button', { name: 'Drain node a' }).click()
  await page.getByRole('heading', { name: 'Draining', exact: true }).waitFor()
  await sees(page, '1 session left')
  await sees(page, /It is stopped in 1 min 5\d s at the latest/)
  await page.getByRole('button', { name: 'Cancel: bring it back' }).click()
  await sees(page, /^Everything is well/)
  assert.deepEqual(complaints, [])
})

test('a node is ejected, readmitted and weighed', { skip }, async (t) => {
  const { base, browser } = await startCluster(t)
  const { page, complaints } = await openPage(browser, base, '#/nodes/a')
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const dialog = page.getByRole('dialog')
  await button('Eject').click()
  await dialog.getByRole('button', { name: 'Eject node a' }).click()
  await sees(page, 'Node a is ejected by order of an operator')
  await button('Readmit').click()
  await sees(page, /^Everything is well/)
  await button('Weight 100 %').click()
  await dialog.getByLabel('Weight, percent').fill('20')
  await dialog.getByRole('button', { name: 'Weigh node a' }).click()
  await sees(page, 'Node a has a weight of 20 % by order of an operator')
  assert.deepEqual(complaints, [])
})

test('the live tail shows requests from when it is asked for, and leads to their explanation', {
  skip,
}, async (t) => {
  const { base, port, browser } = await startCluster(t)
  const { page, complaints } = await openPage(browser, base, '#/tail')
  await get(port, '/shop/before')
  const path = page.getByLabel('Path begins with')
  const banner = page.getByRole('region', { name: 'State of the cluster' })
  const before = await banner.textContent()
  await path.pressSequentially('/shop')
  await until('the page is drawn again', async () => {
    await get(port, '/shop/before')
    return (await banner.textContent()) !== before
  })
  assert.equal(await path.inputValue(), '/shop', 'what is typed stays')
  await page.getByRole('button', { name: 'Follow requests' }).click()
  await sees(page, 'No request so far.')
  await until('a request is shown', async () => {
    await get(port, '/else')
    await get(port, '/shop/cart?x=1')
    return (await page.getByText('/shop/cart?x=1').count()) > 0
  })
  assert.equal(await page.getByText('/shop/before').count(), 0)
  assert.equal(await page.getByText('/else').count(), 0)
  assert.match(page.url(), /#\/tail\?path=%2Fshop&follow=yes$/, 'the address can be sent to others')
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await page.getByRole('link', { name: '/shop/cart?x=1' }).first().click()
  await sees(page, /^This request goes to node [ab]\.$/)
  assert.deepEqual(complaints, [])
})

test('contexts, the proxy and its configuration are shown with their origins', {
  skip,
}, async (t) => {
  const { base, browser } = await startCluster(t)
  const { page, complaints } = await openPage(browser, base)
  await page.getByRole('button', { name: 'Contexts', exact: true }).click()
  await page.getByRole('row', { name: /^\/shop mycluster 2 of 2 .* a and b$/ }).waitFor()
  await page.getByRole('link', { name: 'Proxy', exact: true }).click()
  await page.getByRole('row', { name: /control\.listen .* flag --control/ }).waitFor()
  await page.getByRole('row', { name: /^127\.0\.0\.1:\d+ traffic plain/ }).waitFor()
  assert.deepEqual(complaints, [])
})

test('of a large cluster the page draws the rows on the screen alone', { skip }, async (t) => {
  const bench = await controlBench({ consolePages: new ConsolePages() })
  t.after(() => bench.control.close())
  const contexts = ['/', '/shop', '/api', '/wiki'].map((path) => contextOf(path))
  const nodes = Array.from({ length: 500 }, (_, index) => ({ route: `node-${index}`, contexts }))
  bench.registry.restore(clusterOf(nodes), 0)
  const browser = await startBrowser(t)
  const { page, complaints } = await openPage(browser, `http://127.0.0.1:${bench.port}/`)
  await row(page, 'node-0').waitFor()
  assert.ok((await page.getByRole('row').count()) < 60)
  await page.keyboard.press('End')
  await row(page, 'node-499').waitFor()
  assert.ok((await page.getByRole('row').count()) < 60)
  assert.deepEqual(complaints, [])
})

test('with a secret the console asks for it, and then works', { skip }, async (t) => {
  const secret = 'a secret of the control listener'.replaceAll(' ', '-')
  const serve = await startServe(['--workers', '0'], { TOPSPIN_CONTROL_SECRET: secret })
  t.after(() => serve.child.kill('SIGKILL'))
  assert.equal((await fetch(`${serve.control}console/`)).status, 401)
  const browser = await startBrowser(t)
  const { page, complaints } = await openPage(browser, serve.control, '#/proxy', { secret })
  await page.getByRole('row', { name: /^control\.secret .* environment/ }).waitFor()
  assert.equal((await page.content()).includes(secret), false)
  await page.getByRole('button', { name: 'Reload' }).click()
  await sees(page, /^(The configuration was read again|Not reloaded)/)
  // The browser notes that it was asked for a password.
  assert.deepEqual(
    complaints.filter((text) => !/status of (401|409)/.test(text)),
    [],
  )
})

test('a console that loses its proxy says so, and goes on when it is back', { skip }, async (t) => {
  const serve = await startServe()
  t.after(() => serve.child.kill('SIGKILL'))
  const browser = await startBrowser(t)
  const { page } = await openPage(browser, serve.control)
  serve.child.kill('SIGKILL')
  await serve.ended
  await sees(page, 'not connected')
  await sees(page, /No connection to the proxy for/)
  const again = await startServe([], {}, { control: new URL(serve.control).host })
  t.after(() => again.child.kill('SIGKILL'))
  await page.getByText('live', { exact: true }).waitFor()
})

test('a reader sees everything, and why there are no buttons', { skip }, async (t) => {
  const serve = await startServe(['--workers', '0'], {
    TOPSPIN_CONTROL_SECRET: 'of-the-operators',
    TOPSPIN_CONTROL_TOKENS: JSON.stringify([{ name: 'guest', token: 'of-readers-alone' }]),
  })
  t.after(() => serve.child.kill('SIGKILL'))
  const node = await startNode(t)
  const agent = await joinCluster(node.server, {
    proxies: [new URL(serve.control).host],
    route: 'a',
    contexts: ['/'],
    secret: 'of-the-operators',
    log: false,
  })
  t.after(() => agent.close())
  const browser = await startBrowser(t)
  const context = await browser.newContext({
    httpCredentials: { username: 'guest', password: 'of-readers-alone' },
  })
  const page = await context.newPage()
  await page.goto(`${serve.control}console/#/nodes/a`)
  await sees(page, 'for operators: log in with the token of one')
  assert.equal(
    await page.getByRole('button', { name: /Drain|Disable|Stop|Eject|Remove/ }).count(),
    0,
  )
  await page.getByRole('link', { name: 'Explain a request' }).waitFor()
  await page.getByRole('link', { name: 'Proxy', exact: true }).click()
  await sees(page, 'It is shown to operators')
  assert.equal(await page.getByRole('button', { name: 'Reload' }).count(), 0)
})

test('names that would turn a line around, or are very long, are shown as what they are', {
  skip,
}, async (t) => {
  const names = ['a\u202egnp.exe', '<script>alert(1)</script>', 'x\u009b31m', 'n'.repeat(255)]
  const none = { cores: 1, load: 1, inHand: 0, knee: 1, serviceTimeMs: 1, served: 0 }
  const peers = createServer(({ url }, response) =>
    response.end(
      JSON.stringify({
        name: names[Number(url?.slice(1))],
        peers: names.map((name, index) => ({
          name,
          url: 'http://127.0.0.1:1',
          state: `/${index}` === url ? 'self' : 'present',
          loss: 0,
          resources: none,
          sent: { requests: 1, inFlight: 0, failures: 1 },
        })),
      }),
    ),
  )
  await new Promise<void>((resolve) => peers.listen(0, '127.0.0.1', resolve))
  t.after(() => peers.close())
  const { port } = peers.address() as AddressInfo
  const pages = names.map((_, index) => `http://127.0.0.1:${port}/${index}`)
  const watched = { TOPSPIN_CONTROL_PEERS: pages.join(',') }
  // A browser on a busy machine takes longer than the other scenes.
  const serve = await startServe(['--workers', '0'], watched, { deadlineMs: 280_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  const browser = await startBrowser(t)
  const { page, complaints } = await openPage(browser, serve.control, '#/peers', { width: 360 })
  for (const name of [
    'a\\u{202e}gnp.exe',
    '<script>alert(1)</script>',
    'x\\u{9b}31m',
    'n'.repeat(255),
  ])
    await sees(page, name)
  assert.doesNotMatch(await page.content(), /[\u202e\u009b]/)
  const [scrolls = 0, width = 0]: number[] = await page.evaluate(
    '[document.documentElement.scrollWidth, innerWidth]',
  )
  assert.ok(scrolls <= width)
  const { stdout, stderr } = await topspin('peers', '--control', new URL(serve.control).host)
  assert.equal(stderr, '')
  assert.match(stdout, /a\\u\{202e\}gnp\.exe/)
  assert.doesNotMatch(stdout, /[\u202e\u009b]/)
  assert.deepEqual(complaints, [])
})
