// Servers of worker threads.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { built, startChild } from '../../support/child.ts'
import { FakeHttpd } from '../../support/fake-httpd.ts'
import { until } from '../../support/until.ts'

const agent = pathToFileURL(built('src/agent/index.js')).href
const server = `const server = require('node:http').createServer((_, response) => response.end())
  server.listen(0, '127.0.0.1')`

const threadServer = server.replace("require('node:http')", "(await import('node:http'))")

const joining = (options: object): string => `
  ${server}
  const { parentPort } = require('node:worker_threads')
  import('${agent}')
    .then(({ joinCluster }) => joinCluster(server, ${JSON.stringify(options)}))
    .then((agent) => parentPort.once('message', () => agent.close().then(() => parentPort.close())))
    .catch((error) => parentPort.postMessage(error.message))`

test('threads with ports of their own join and leave one by one', async (t) => {
  const fake = await FakeHttpd.start(t)
  const start = (): Worker => new Worker(joining({ proxies: [fake.address] }), { eval: true })
  const threads = [start(), start()]
  await fake.until('both are registered', () => fake.nodes.size === 2)
  for (const left of [1, 0]) {
    const thread = threads[left] as Worker
    thread.postMessage('end')
    await once(thread, 'exit')
    assert.equal(fake.nodes.size, left)
  }
})

test('signals are refused in a thread, with the reason', async (t) => {
  const fake = await FakeHttpd.start(t)
  const thread = new Worker(joining({ proxies: [fake.address], signals: true }), { eval: true })
  t.after(() => thread.terminate())
  const [message] = await once(thread, 'message')
  assert.match(message, /no signal reaches a worker thread.*call `close` of the agent/)
  assert.equal(fake.count('CONFIG'), 0)
})

test('topspin/auto says why a server of a thread does not join, and joins that of the main thread', async (t) => {
  const fake = await FakeHttpd.start(t)
  const auto = ['--import', pathToFileURL(built('src/auto.js')).href]
  const code = `
    const { Worker } = require('node:worker_threads')
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(threadServer)})))
    ${server}`
  const child = startChild(t, [...auto, '-e', code], { TOPSPIN_PROXIES: fake.address })
  await until('the thread is refused', () => child.output().includes('worker thread does not join'))
  await fake.until('the main thread is registered', () => fake.nodes.size === 1)
  child.process.kill('SIGTERM')
  assert.equal(await child.ended, 'SIGTERM')
  assert.equal(fake.nodes.size, 0)
})
