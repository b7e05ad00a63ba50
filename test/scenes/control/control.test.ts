// The control listener over real sockets: order, deadlines, refusals, effects of messages, and pages.

import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { TopspinError } from '../../../src/base/errors.ts'
import { silent } from '../../../src/base/log.ts'
import { contextLive } from '../../../src/cluster/live.ts'
import { newCounters } from '../../../src/cluster/traffic-counts.ts'
import type { ControlOptions } from '../../../src/control/options.ts'
import { startControl } from '../../../src/control/start-control.ts'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { probe } from '../../../src/net/probe.ts'
import {
  type ControlBench,
  type ControlBenchOptions,
  controlBench,
} from '../../support/control-bench.ts'
import { exchange, parseResponses, sendMessage, until } from '../../support/control-client.ts'

const benches: ControlBench[] = []
async function start(options: ControlBenchOptions = {}): Promise<ControlBench> {
  const bench = await controlBench(options)
  benches.push(bench)
  return bench
}
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.control.close()))
})

const config = 'JVMRoute=a&Host=127.0.0.1&Port=81&Type=http'
const get = (target: string, more = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${more}\r\n`

describe('on one connection', () => {
  test('pipelined messages are answered in order, even after a slow one', async () => {
    const { port } = await start({
      watch: {
        probe: () =>
          new Promise((resolve) => setTimeout(() => resolve({ answered: true, reason: '' }), 30)),
      },
    })
    const status = 'JVMRoute=a&Load=7'
    const text = await exchange(port, [
      `CONFIG / HTTP/1.1\r\nContent-Length: ${config.length}\r\n\r\n${config}`,
      `STATUS / HTTP/1.1\r\nContent-Length: ${status.length}\r\n\r\n${status}PING / HTTP/1.1\r\n\r\n`,
      get('/livez', 'Connection: close\r\n'),
      'PING / HTTP/1.1\r\n\r\n',
    ])
    const bodies = parseResponses(text).map((response) => response.body)
    assert.deepEqual(bodies, [
      '',
      'Type=STATUS-RSP&JVMRoute=a&State=OK&id=4711\n',
      'Type=PING-RSP&State=OK&id=4711\n',
      'alive\n',
    ])
  })

  test('a message sent byte by byte is one message', async () => {
    const { port, registry } = await start()
    const text = `CONFIG / HTTP/1.0\r\nContent-Length: ${config.length}\r\n\r\n${config}`
    const [response] = parseResponses(await exchange(port, [...text]))
    assert.equal(response?.status, 'HTTP/1.1 200 OK')
    assert.equal(registry.snapshot.nodes.size, 1)
  })

  test('a client that expects 100 Continue receives it', async () => {
    const { port } = await start()
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      let got = ''
      socket.setEncoding('latin1')
      socket.on('error', reject)
      socket.on('data', (chunk: string) => {
        got += chunk
        if (got === 'HTTP/1.1 100 Continue\r\n\r\n') socket.end(config)
      })
      socket.on('close', () => resolve(got))
      socket.write(
        `CONFIG / HTTP/1.1\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${config.length}\r\n\r\n`,
      )
    })
    assert.deepEqual(
      parseResponses(text).map((response) => response.status),
      ['HTTP/1.1 100 Continue', 'HTTP/1.1 200 OK'],
    )
  })

  test('an error reply ends the connection', async () => {
    const { port } = await start()
    const responses = parseResponses(
      await exchange(port, ['STATUS / HTTP/1.1\r\n\r\nPING / HTTP/1.1\r\n\r\n'], {
        halfClose: false,
      }),
    )
    assert.equal(responses.length, 1)
    assert.equal(responses[0]?.fields.get('mess'), 'SYNTAX: Invalid field "" in message')
    assert.equal(responses[0]?.fields.get('connection'), 'close')
  })

  test('a silent connection ends after the idle time, half a request after the transfer time', async () => {
    const { port } = await start({ limits: { idleMs: 40, transferMs: 80 } })
    assert.equal(await exchange(port, [], { halfClose: false }), '')
    assert.equal(await exchange(port, ['CONFIG / HTTP/1.1\r\nContent-'], { halfClose: false }), '')
    const kept = await exchange(port, ['PING / HTTP/1.1\r\n\r\n'], { halfClose: false })
    assert.equal(parseResponses(kept).length, 1)
  })
})

describe('bytes that are not a message', () => {
  test('end their connection and affect neither other connections nor the state', async () => {
    const { port, registry } = await start()
    const other = connect(port, '127.0.0.1')
    let answered = ''
    other.setEncoding('latin1')
    other.on('data', (chunk: string) => {
      answered += chunk
    })
    const status = async (text: string) =>
      parseResponses(await exchange(port, [text], { halfClose: false }))[0]?.status
    assert.equal(await status('\u0016\u0003\u0001\r\n\r\n'), 'HTTP/1.1 400 Bad Request')
    assert.equal(
      await status('CONFIG / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n'),
      'HTTP/1.1 400 Bad Request',
    )
    assert.equal(
      await status('CONFIG / HTTP/3.0\r\n\r\n'),
      'HTTP/1.1 505 HTTP Version Not Supported',
    )
    assert.equal(
      await status(`CONFIG / HTTP/1.1\r\nA: ${'x'.repeat(20_000)}`),
      'HTTP/1.1 431 Request Header Fields Too Large',
    )
    other.write('PING / HTTP/1.1\r\n\r\n')
    await until(() => answered.includes('State=OK'))
    other.destroy()
    assert.equal(registry.snapshot.version, 0)
  })

  test('a message beyond the limit, by length or in chunks, gets a syntax error in the grammar of MCMP', async () => {
    const { port, registry } = await start({ limits: { messageBytesMax: 100 } })
    const body = `${config}&Domain=${'x'.repeat(100)}`
    const long = await exchange(
      port,
      [`CONFIG / HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`, body],
      { halfClose: false },
    )
    const chunked = await exchange(
      port,
      [
        `CONFIG / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`,
        `${body}\r\n0\r\n\r\n`,
      ],
      { halfClose: false },
    )
    for (const text of [long, chunked]) {
      const [response] = parseResponses(text)
      assert.equal(response?.status, 'HTTP/1.1 500 Internal Server Error')
      assert.equal(response?.fields.get('type'), 'SYNTAX')
      assert.equal(response?.fields.get('mess'), 'SYNTAX: Message too big')
      assert.notEqual(response?.body, '')
    }
    assert.equal(registry.snapshot.version, 0)
  })

  test('an incomplete message changes nothing', async () => {
    const { port, registry } = await start()
    assert.equal(
      await exchange(port, [
        `CONFIG / HTTP/1.1\r\nContent-Length: ${config.length + 1}\r\n\r\n${config}`,
      ]),
      '',
    )
    assert.equal(registry.snapshot.version, 0)
  })

  test('other methods are not implemented', async () => {
    const { port } = await start()
    for (const method of ['STATUS-RSP', 'ADDID', 'POST', 'CONNECT', 'OPTIONS'])
      assert.equal((await sendMessage(port, method)).status, 'HTTP/1.1 501 Not Implemented')
  })
})

test('connections beyond the limit are closed, those within it served', async () => {
  const { port } = await start({ limits: { connectionsMax: 2 } })
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  assert.equal(await exchange(port, ['PING / HTTP/1.1\r\n\r\n'], { halfClose: false }), '')
  for (const socket of held) socket.destroy()
  await until(async () => (await exchange(port, ['PING / HTTP/1.1\r\n\r\n'])).includes('State=OK'))
})

describe('a message', () => {
  test('gets its reply after its changes are in force', async () => {
    let release = (): void => {}
    const inForce = new Promise<void>((resolve) => {
      release = resolve
    })
    const bench = await start({ traffic: { apply: () => inForce } })
    let answered = false
    const telling = sendMessage(bench.port, 'CONFIG', config).then((response) => {
      answered = true
      return response
    })
    await until(() => bench.registry.snapshot.nodes.size === 1)
    await sendMessage(bench.port, 'PING')
    assert.equal(answered, false)
    release()
    assert.equal((await telling).status, 'HTTP/1.1 200 OK')
  })

  test('whose changes cannot be put into force gets a general error, which nodes retry', async () => {
    const { port } = await start({
      traffic: {
        apply: () => {
          throw new Error('no')
        },
      },
    })
    const response = await sendMessage(port, 'CONFIG', config)
    assert.equal(response.fields.get('type'), 'GENERAL')
  })

  test('with a wildcard address registers the address of its sender', async () => {
    const { port, registry } = await start()
    await sendMessage(port, 'CONFIG', 'JVMRoute=a&Host=0.0.0.0&Port=81&Type=http')
    await sendMessage(port, 'CONFIG', 'JVMRoute=b&Host=%5B%3A%3A%5D&Port=82&Type=http')
    assert.deepEqual(
      [...registry.snapshot.nodes.values()].map((node) => node.host),
      ['127.0.0.1', '127.0.0.1'],
    )
  })

  test('STOP-APP counts the requests in flight when the stop is in force, not before', async () => {
    const bench = await start({
      traffic: {
        apply: async () => {
          await new Promise((resolve) => setImmediate(resolve))
          contextLive(bench.live.of(1), '/x').inFlight = 2
        },
      },
    })
    await sendMessage(bench.port, 'CONFIG', config)
    contextLive(bench.live.of(1), '/x').inFlight = 0
    const { body } = await sendMessage(bench.port, 'STOP-APP', 'JVMRoute=a&Context=/x&Alias=y')
    assert.equal(body, 'Type=STOP-APP-RSP&JvmRoute=a&Alias=y&Context=/x&Requests=2\n')
  })

  test('INFO, the status report and the metrics refresh their numbers first', async () => {
    const bench = await start({
      traffic: {
        refresh: async () => {
          await new Promise((resolve) => setImmediate(resolve))
          bench.live.of(1).elected += 1
        },
        workers: () => [{ pid: 7, connections: 1, requests: 2, restarts: 3 }],
        counts: () => ({ ...newCounters(), retries: 4, refused: new Map([[503, 5]]) }),
      },
    })
    await sendMessage(bench.port, 'CONFIG', config)
    assert.match((await sendMessage(bench.port, 'INFO')).body, /Elected: 1,/)
    const page = async (target: string): Promise<string> =>
      parseResponses(await exchange(bench.port, [get(target, 'Connection: close\r\n')]))[0]?.body ??
      ''
    const report = JSON.parse(await page('/api/status')) as StatusReport
    assert.equal(report.nodes[0]?.elected, 2)
    assert.deepEqual(report.workers, [{ pid: 7, connections: 1, requests: 2, restarts: 3 }])
    assert.deepEqual([report.traffic.retries, report.traffic.refused], [4, { 503: 5 }])
    const metrics = await page('/metrics')
    assert.match(metrics, /topspin_node_requests_total\{[^}]*\} 3\n/)
    assert.match(metrics, /^topspin_retries_total 4$/m)
    assert.match(metrics, /^topspin_refused_total\{status="503"\} 5$/m)
  })

  test('STATUS sets load and time, ends silence, and probes the node', async () => {
    const { port, live, up } = await start()
    await sendMessage(port, 'CONFIG', config)
    const node = live.of(1)
    const down = await sendMessage(port, 'STATUS', 'JVMRoute=a&Load=40')
    assert.match(down.body, /State=NOTOK/)
    assert.equal(node.health.kind, 'down')
    assert.equal(node.loadFactor, undefined)
    up.add(81)
    node.silent = true
    const { epoch } = node
    assert.match((await sendMessage(port, 'STATUS', 'JVMRoute=a&Load=40')).body, /State=OK/)
    assert.deepEqual(
      [node.health.kind, node.loadFactor, node.silent, node.epoch > epoch],
      ['up', 40, false, true],
    )
    assert.ok(node.statusAt !== undefined)
  })

  test('of one node does not wait for the probe of another', async () => {
    const { port } = await start({
      limits: { transferMs: 200 },
      watch: { probe: () => new Promise(() => {}) },
    })
    await sendMessage(port, 'CONFIG', config)
    const stuck = connect(port, '127.0.0.1')
    stuck.write('STATUS / HTTP/1.1\r\nContent-Length: 10\r\n\r\nJVMRoute=a')
    assert.match((await sendMessage(port, 'PING')).body, /State=OK/)
    stuck.destroy()
  })
})

test('a node that restarted on another port replaces its old registration after a real probe', async () => {
  const { port, registry } = await start({ watch: { probe } })
  const origin = createHttpServer((_, response) => response.end())
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  const old = (origin.address() as AddressInfo).port
  const register = (at: number) =>
    sendMessage(port, 'CONFIG', `JVMRoute=a&Host=127.0.0.1&Port=${at}&Type=http`)
  await register(old)
  assert.match((await sendMessage(port, 'STATUS', 'JVMRoute=a&Load=9')).body, /State=OK/)
  assert.equal((await register(9)).fields.get('mess'), 'MEM: Node with "a" JVMRoute already exists')
  origin.closeAllConnections()
  await new Promise((resolve) => origin.close(resolve))
  assert.equal((await register(9)).status, 'HTTP/1.1 200 OK')
  assert.deepEqual(
    [...registry.snapshot.nodes.values()].map((node) => node.port),
    [9],
  )
})

describe('pages', () => {
  const page = async (port: number, target: string) => {
    const [answer] = parseResponses(await exchange(port, [get(target, 'Connection: close\r\n')]))
    assert.ok(answer !== undefined)
    return answer
  }

  test('report that the proxy is alive, and ready until it drains', async () => {
    const { port, control } = await start()
    assert.equal((await page(port, '/livez')).status, 'HTTP/1.1 200 OK')
    const ready = async () => (await page(port, '/readyz')).status
    assert.equal(await ready(), 'HTTP/1.1 200 OK')
    control.drain()
    assert.equal(await ready(), 'HTTP/1.1 503 Service Unavailable')
    assert.match((await sendMessage(port, 'PING')).body, /State=OK/)
  })

  test('show the cluster as JSON', async () => {
    const { port, up } = await start()
    up.add(81)
    await sendMessage(port, 'CONFIG', config)
    await sendMessage(port, 'ENABLE-APP', 'JVMRoute=a&Alias=x&Context=/shop')
    await sendMessage(port, 'STATUS', 'JVMRoute=a&Load=40')
    const answer = await page(port, '/api/status?x=1')
    const report = JSON.parse(answer.body) as StatusReport
    assert.deepEqual(
      report.balancers.map((balancer) => balancer.name),
      ['mycluster'],
    )
    const [node] = report.nodes
    assert.deepEqual(
      [node?.route, node?.port, node?.loadFactor, node?.health, node?.silent],
      ['a', 81, 40, 'up', false],
    )
    assert.ok(typeof node?.statusAgeMs === 'number' && node.statusAgeMs >= 0)
    assert.deepEqual(node?.contexts, [
      { path: '/shop', alias: 'x', status: 'ENABLED', inFlight: 0 },
    ])
  })

  test('show Prometheus the live numbers of the moment of the scrape', async () => {
    const { port, live } = await start()
    await sendMessage(port, 'CONFIG', config)
    await sendMessage(port, 'STATUS', 'Load=1')
    const node = live.of(1)
    node.elected = 3
    for (const inFlight of [2, 5]) {
      node.inFlight = inFlight
      const { body } = await page(port, '/metrics')
      assert.match(body, /^topspin_node_requests_total\{node="a",balancer="mycluster"\} 3$/m)
      assert.match(
        body,
        new RegExp(`^topspin_node_in_flight\\{node="a",balancer="mycluster"\\} ${inFlight}$`, 'm'),
      )
      assert.match(body, /^topspin_mcmp_messages_total\{method="CONFIG",result="OK"\} 1$/m)
      assert.match(body, /^topspin_mcmp_messages_total\{method="STATUS",result="SYNTAX"\} 1$/m)
    }
  })

  test('have the same length in reply to HEAD, and answer 404 for unknown paths', async () => {
    const { port } = await start()
    assert.match(
      await exchange(port, ['HEAD /livez HTTP/1.1\r\nConnection: close\r\n\r\n']),
      /^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: 6\r\n\r\n$/,
    )
    assert.match((await page(port, '/')).body, /mod_cluster-manager/)
    assert.equal((await page(port, '/nowhere')).status, 'HTTP/1.1 404 Not Found')
  })
})

describe('start and end', () => {
  test('a fault of ours in a page is logged and ends only its connection', async () => {
    const errors: string[] = []
    let broken = true
    const { port } = await start({
      log: { ...silent, error: (detail) => errors.push(JSON.stringify(detail)) },
      traffic: {
        refresh: () => {
          if (broken) throw new Error('a fault of ours')
        },
      },
    })
    assert.equal(await exchange(port, [get('/api/status')]), '')
    assert.match(errors.join(), /a fault of ours/)
    broken = false
    const text = await exchange(port, [get('/api/status', 'Connection: close\r\n')])
    assert.equal(parseResponses(text)[0]?.status, 'HTTP/1.1 200 OK')
  })

  test('an address in use is a clear error', async () => {
    const { port, registry, live } = await start()
    await assert.rejects(
      startControl({
        listen: { host: '127.0.0.1', port },
        registry,
        live,
        traffic: { apply: () => {} },
      }),
      (error) =>
        error instanceof TopspinError &&
        error.code === 'CONTROL_LISTEN_FAILED' &&
        error.message.includes(String(port)),
    )
  })

  test('an unknown option is refused, with the one that was meant', async () => {
    const { registry, live } = await start()
    const listen = { host: '127.0.0.1', port: 0 }
    const options = { listen, registry, live, traffic: { apply: () => {} }, acces: {} }
    await assert.rejects(
      startControl(options as ControlOptions),
      (error) =>
        error instanceof TopspinError &&
        error.code === 'BAD_OPTION' &&
        error.message === 'acces is not an option; did you mean access?',
    )
  })

  test('closing answers the message in progress and ends idle connections', async () => {
    let answer: (() => void) | undefined
    const bench = await controlBench({
      watch: {
        probe: () =>
          new Promise((resolve) => {
            answer = () => resolve({ answered: true, reason: '' })
          }),
      },
    })
    await sendMessage(bench.port, 'CONFIG', config)
    const idle = exchange(bench.port, [], { halfClose: false })
    const working = sendMessage(bench.port, 'STATUS', 'JVMRoute=a&Load=3')
    await until(() => answer !== undefined)
    const closed = bench.control.close()
    answer?.()
    assert.match((await working).body, /State=OK/)
    assert.equal(await idle, '')
    await closed
    assert.equal(await exchange(bench.port, ['PING / HTTP/1.1\r\n\r\n']), '')
  })
})
