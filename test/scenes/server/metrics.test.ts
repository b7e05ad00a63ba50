// /metrics of a running cluster: the times of its requests, and both formats as Prometheus reads them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeFolder } from '../../support/folder.ts'
import { startNode } from '../../support/node-server.ts'
import { startWorkers, type Workers } from '../../support/workers.ts'

const contrib = fileURLToPath(new URL('../../../../contrib/', import.meta.url))

const noPromtool =
  spawnSync('promtool', ['--version']).status === 0
    ? false
    : 'promtool is not installed (Debian: prometheus)'

function promtool(args: readonly string[], input: string = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  assert.equal(status, 0, `${stdout}${stderr}`)
  return `${stdout}${stderr}`
}

async function metrics(serve: Workers, accept: string = 'text/plain'): Promise<string> {
  const response = await fetch(`${serve.control}metrics`, { headers: { accept } })
  assert.equal(response.status, 200)
  return await response.text()
}

/** The value of one sample. */
function sampleOf(text: string, name: string, labels: Record<string, string>): number | undefined {
  for (const line of text.split('\n')) {
    const hasLabels = Object.entries(labels).every(([key, value]) =>
      line.includes(`${key}="${value}"`),
    )
    if (line.startsWith(`${name}{`) && hasLabels) return Number(line.split(' ').at(-1))
  }
  return undefined
}

/** A cluster with one node, which answers `/slow` after 60 ms and `/broken` with 500. */
async function startCluster(t: TestContext, workers: number): Promise<Workers> {
  const { port } = await startNode(t, (request, response) => {
    if (request.url === '/broken') response.statusCode = 500
    setTimeout(() => response.end('ok'), request.url === '/slow' ? 60 : 0)
  })
  const serve = await startWorkers(t, workers)
  await serve.register('a', port, 50)
  return serve
}

for (const workers of [0, 2]) {
  test(`requests are counted by status and time, with ${workers} workers`, async (t) => {
    const serve = await startCluster(t, workers)
    const url = `http://127.0.0.1:${serve.trafficPort}`
    for (const path of ['/', '/', '/', '/slow', '/broken'])
      await (await fetch(`${url}${path}`)).text()
    const text = await metrics(serve)
    const context = {
      listener: `127.0.0.1:${serve.trafficPort}`,
      balancer: 'mycluster',
      context: '/',
    }
    const node = { node: 'a', balancer: 'mycluster' }
    const ended = (status_class: string) =>
      sampleOf(text, 'topspin_context_requests_total', { ...context, status_class })
    assert.deepEqual([ended('2xx'), ended('5xx'), ended('4xx')], [4, 1, undefined])
    for (const name of [
      'topspin_request_duration_seconds',
      'topspin_request_first_byte_seconds',
      'topspin_request_wait_seconds',
      'topspin_request_attempts',
    ])
      assert.equal(sampleOf(text, `${name}_count`, context), 5, name)
    for (const name of [
      'topspin_node_response_duration_seconds',
      'topspin_node_first_byte_seconds',
    ])
      assert.equal(sampleOf(text, `${name}_count`, node), 5, name)
    assert.equal(
      sampleOf(text, 'topspin_node_responses_total', { ...node, status_class: '2xx' }),
      4,
    )
    assert.ok((sampleOf(text, 'topspin_node_connect_seconds_count', node) ?? 0) >= 1)
    assert.ok((sampleOf(text, 'topspin_request_duration_seconds_sum', context) ?? 0) >= 0.06)
    const upTo = sampleOf(text, 'topspin_request_duration_seconds_bucket', {
      ...context,
      le: '0.05',
    })
    assert.ok(upTo !== undefined && upTo <= 4, String(upTo))
  })
}

test('a request that the proxy refuses is counted, to no context', async (t) => {
  const serve = await startWorkers(t, 0)
  await (await fetch(`http://127.0.0.1:${serve.trafficPort}/nowhere`)).text()
  const text = await metrics(serve)
  const labels = { balancer: '', context: '' }
  assert.equal(
    sampleOf(text, 'topspin_context_requests_total', { ...labels, status_class: '4xx' }),
    1,
  )
  assert.equal(sampleOf(text, 'topspin_request_duration_seconds_count', labels), 1)
  assert.equal(sampleOf(text, 'topspin_request_wait_seconds_count', labels), 0)
})

test('promtool finds nothing wrong with the metrics of a running cluster', {
  skip: noPromtool,
}, async (t) => {
  const serve = await startCluster(t, 2)
  promtool(['check', 'metrics'], await metrics(serve))
  await (await fetch(`http://127.0.0.1:${serve.trafficPort}/`)).text()
  await (await fetch(`http://127.0.0.1:${serve.trafficPort}/broken`)).text()
  assert.equal(promtool(['check', 'metrics'], await metrics(serve)), '')
})

test('a scraper that asks for OpenMetrics gets it', async (t) => {
  const serve = await startCluster(t, 0)
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5'
  const response = await fetch(`${serve.control}metrics`, { headers: { accept } })
  assert.match(response.headers.get('content-type') ?? '', /^application\/openmetrics-text;/)
  const text = await response.text()
  assert.match(text, /^# TYPE topspin_requests counter$/m)
  assert.ok(text.endsWith('\n# EOF\n'))
})

test('the alert rules in contrib are valid, and fire when they should', {
  skip: noPromtool,
}, () => {
  promtool(['check', 'rules', `${contrib}prometheus/topspin-rules.yaml`])
  promtool(['test', 'rules', `${contrib}prometheus/topspin-rules.test.yaml`])
})

test('the dashboard and the alert rules in contrib name metrics that exist', async (t) => {
  const folder = makeFolder()
  const serve = await startWorkers(t, 0, {}, { args: ['--state', join(folder, 'state')] })
  const described = new Set(
    [...(await metrics(serve)).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name),
  )
  for (const file of ['grafana/topspin.json', 'prometheus/topspin-rules.yaml']) {
    const names = readFileSync(`${contrib}${file}`, 'utf8').match(/\btopspin_[a-z_0-9]+/g) ?? []
    assert.ok(names.length > 10)
    for (const name of names)
      assert.ok(described.has(name.replace(/_(bucket|sum|count)$/, '')), `${file}: ${name}`)
  }
})
