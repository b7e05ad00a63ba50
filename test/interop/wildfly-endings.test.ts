// Real WildFlys that are shut down, killed and started again while they have sessions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Load } from '../support/load.ts'
import { until } from '../support/until.ts'
import { wrongAnswers } from '../support/verdicts.ts'
import { webSocket } from '../support/web-socket.ts'
import { whyNoWildFly } from '../support/wildfly-install.ts'
import { WildFlyStage } from './wildfly-stage.ts'

const skip = (await whyNoWildFly()) ?? false
/** Few by default, since a start takes 10 s and more. */
const rounds = Number(process.env['WILDFLY_ROUNDS'] ?? 2)
/** The first responses of a WildFly take a second and more, so that it gets trials alone until one is quick. */
const coldMs = 90_000

const timeoutMs = 280_000 + rounds * 60_000

test('WildFly that is shut down, killed and started', {
  skip,
  timeout: timeoutMs,
}, async (t) => {
  const stage = await WildFlyStage.set(t, timeoutMs)
  const [a, b] = await Promise.all([stage.start('a', 'ajp'), stage.start('b', 'http', 1)])

  // WildFly drains twice, suspended the second time: DISABLE-APP after STOP-APP must change nothing (mcmp.md 2.3).
  await t.test('no request fails when a node with live sessions is shut down', async (step) => {
    const load = new Load(step, { port: stage.traffic, rate: 100, users: 60 })
    await load.more(300)
    await until('it has sessions', () => load.of(a.run) > 40, coldMs)
    await a.end('SIGTERM')
    await load.more(200)
    const summary = await load.stop()
    step.diagnostic(`${summary.completed} requests, ${summary.failures.length} failed`)
    assert.deepEqual(summary.failures, [])
    assert.deepEqual(wrongAnswers(summary, stage.runs), [])
    assert.ok(summary.moved.length > 0, 'no session lasted: the test shows nothing')
    assert.equal(await stage.report('a'), undefined)
  })

  await t.test('WebSockets of a killed node end, and its sessions continue elsewhere', async () => {
    const again = await stage.start('a', 'ajp', 1)
    const messages: string[] = []
    let isOver = false
    const socket = webSocket(`ws://127.0.0.1:${stage.traffic}/shop/echo`)
    socket.on('error', () => {})
    socket.on('open', () => socket.send('hello'))
    socket.on('message', (data) => void messages.push(data.toString()))
    socket.on('close', () => {
      isOver = true
    })
    t.after(() => socket.terminate())
    await until('the WebSocket answers', () => messages.length > 0 || isOver)
    assert.deepEqual(messages, [`${b.run} hello`])
    await b.end('SIGKILL')
    await until('the WebSocket has ended', () => isOver, 5_000)
    for (let i = 0; i < 50; i++) {
      const answer = await stage.ask('/shop/', { cookie: 'JSESSIONID=x.b' })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['x-run'], again.run)
    }
  })

  await t.test(`${rounds} starts and stops in a row fail no request`, async (step) => {
    const load = new Load(step, { port: stage.traffic, rate: 50, users: 12 })
    for (let round = 0; round < rounds; round++) {
      const node = await stage.start('b', 'http', 1)
      const before = load.of(node.run)
      await until('it answers', () => load.of(node.run) > before + 20, coldMs)
      await node.end('SIGTERM')
    }
    const summary = await load.stop()
    step.diagnostic(`${summary.completed} requests, ${summary.failures.length} failed`)
    assert.deepEqual(summary.failures, [])
    assert.deepEqual(wrongAnswers(summary, stage.runs), [])
  })
})
