import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { built, startChild } from '../../support/child.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { get } from '../../support/node-server.ts'
import { until } from '../../support/until.ts'

const auto = ['--import', pathToFileURL(built('src/auto.js')).href]

for (const { name, end } of [
  { name: 'express', end: 'SIGTERM' },
  { name: 'fastify', end: 7 },
]) {
  test(`${name} joins without a change, and leaves on SIGTERM before its own shutdown`, async (t) => {
    const fake = await FakeHttpd.start(t)
    const child = startChild(t, [...auto, built(`test/fixtures/${name}-app.js`)], {
      TOPSPIN_PROXIES: fake.address,
      TOPSPIN_CONTEXTS: '/',
      TOPSPIN_ROUTE: 'a',
      TOPSPIN_REPORT_INTERVAL: '200ms',
    })
    await fake.until('it is registered', () => fake.count('STATUS') > 0)
    await until('the application prints its port', () => /port \d+/.test(child.output()))
    const port = Number(/port (\d+)/.exec(child.output())?.[1])
    assert.equal(fake.nodes.get('a')?.config.get('Port'), String(port))
    const answer = await get(port)
    assert.equal(answer.text, name)
    assert.match(String(answer.headers['endpoint-load-metrics']), /^TEXT .*in_flight=0\b/)
    const slow = get(port, '/slow')
    const early = get(port)
    await early
    child.process.kill('SIGTERM')
    assert.equal((await slow).text, 'slow')
    assert.equal(await child.ended, end)
    assert.deepEqual(fake.story(['STATUS', 'INFO', 'CONFIG']), [
      'ENABLE-APP /',
      'DISABLE-APP /',
      'STOP-APP /',
      'REMOVE-APP /*',
    ])
    if (name === 'fastify') assert.match(child.output(), /closed by its own handler/)
  })
}

test('a second signal ends the waits, and the echo of the first one does not', async (t) => {
  const fake = await FakeHttpd.start(t)
  fake.requests = () => 1
  const child = startChild(t, [...auto, built('test/fixtures/express-app.js')], {
    TOPSPIN_PROXIES: fake.address,
    TOPSPIN_DRAIN_DEADLINE: '60s',
  })
  await fake.until('it is registered', () => fake.count('STATUS') > 0)
  child.process.kill('SIGTERM')
  const start = performance.now()
  await fake.until('STOP-APP has arrived twice', () => fake.count('STOP-APP') > 1)
  child.process.kill('SIGTERM')
  await fake.until('half a second has passed', () => performance.now() - start > 600)
  assert.ok(fake.count('STOP-APP') > 2)
  assert.equal(fake.count('REMOVE-APP'), 0)
  child.process.kill('SIGTERM')
  assert.equal(await child.ended, 'SIGTERM')
  assert.ok(performance.now() - start < 30_000)
  assert.equal(fake.nodes.size, 0)
})

test('without proxies it prints that once, with a hint for a misspelt variable, and does nothing', async (t) => {
  const child = startChild(t, [...auto, '-e', 'console.log("app")'], {
    TOPSPIN_PROXIES: '',
    TOPSPIN_PROXEIS: '127.0.0.1:6666',
  })
  assert.equal(await child.ended, 0)
  assert.match(child.output(), /TOPSPIN_PROXIES is not set/)
  assert.match(child.output(), /TOPSPIN_PROXEIS is not known; did you mean TOPSPIN_PROXIES\?/)
  assert.match(child.output(), /app/)
})

test('all problems of the settings are printed, and the application runs', async (t) => {
  const child = startChild(t, [...auto, '-e', 'console.log("app")'], {
    TOPSPIN_PROXIES: '127.0.0.1:6666',
    TOPSPIN_REPORT_INTERVAL: 'soon',
    TOPSPIN_CAPACITY: '-3',
    TOPSPIN_CONTEXT: '/x',
  })
  assert.equal(await child.ended, 0)
  for (const word of [/REPORT_INTERVAL/, /CAPACITY/, /TOPSPIN_CONTEXTS/, /app/]) {
    assert.match(child.output(), word)
  }
})

test('an unreachable proxy is logged once, and the application runs', async (t) => {
  const child = startChild(t, [...auto, built('test/fixtures/express-app.js')], {
    TOPSPIN_PROXIES: '127.0.0.1:1',
    TOPSPIN_REPORT_INTERVAL: '100ms',
  })
  await until('the application prints its port', () => /port \d+/.test(child.output()))
  const warnings = (): number => child.output().split('not registered with proxy').length - 1
  await until('the warning is printed', () => warnings() > 0)
  assert.match(child.output(), /127\.0\.0\.1:1.*ECONNREFUSED/)
  const port = Number(/port (\d+)/.exec(child.output())?.[1])
  assert.equal((await get(port)).text, 'express')
  assert.equal(warnings(), 1)
})
