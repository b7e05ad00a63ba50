// Five hundred nodes with two contexts each, by hand-written messages over kept-open connections
// (MODCLUSTER-755): all of them register, report again and again and are served; with a state file, all of
// them come back.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseResponses, sendMessage } from '../../support/control-client.ts'
import { makeFolder } from '../../support/folder.ts'
import { readInfo } from '../../support/mcmp-tables.ts'
import { get } from '../../support/node-server.ts'
import { startServe } from '../../support/topspin.ts'
import { until } from '../../support/until.ts'

const nodesMax = 500
const lanes = 5
/** All of 127/8 is this machine on Linux. */
const skip = process.platform === 'linux' ? false : 'needs an address for each node'

const hostOf = (node: number): string => `127.7.${node >> 8}.${node & 255}`

/** Sends messages in a row on one connection; every answer is a 200. */
function sendAll(port: number, messages: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    const deadline = setTimeout(() => socket.destroy(new Error('too slow')), 60_000)
    const bytes = messages.map((message, i) => {
      const [method, ...body] = message.split(' ')
      const last = i === messages.length - 1 ? 'Connection: close\r\n' : ''
      return `${method} / HTTP/1.1\r\nHost: x\r\n${last}Content-Length: ${body.join(' ').length}\r\n\r\n${body.join(' ')}`
    })
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(deadline)
      const responses = parseResponses(text)
      const bad = responses.find(({ status }) => !status.includes(' 200 '))
      if (responses.length === messages.length && bad === undefined) resolve()
      else
        reject(new Error(`${responses.length} of ${messages.length}; ${bad?.fields.get('mess')}`))
    })
    socket.write(bytes.join(''))
  })
}

async function inLanes(port: number, messagesOf: (node: number) => string[]): Promise<number> {
  const from = performance.now()
  const nodes = Array.from({ length: nodesMax }, (_, node) => node)
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      sendAll(port, nodes.filter((node) => node % lanes === lane).flatMap(messagesOf)),
    ),
  )
  return performance.now() - from
}

test('500 nodes with 2 contexts each', { skip }, async (t) => {
  const folder = makeFolder()
  const server = createServer((request, response) => response.end(request.socket.localAddress))
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const state = join(folder, 'state')
  const args = ['--workers', '0', '--state', state]
  let proxy = await startServe(args, {}, { deadlineMs: 120_000 })
  t.after(() => proxy.child.kill('SIGKILL'))
  const at = (url: string): number => Number(new URL(url).port)

  const registering = await inLanes(at(proxy.control), (node) => [
    `CONFIG JVMRoute=node${node}&Host=${hostOf(node)}&Port=${port}&Type=http`,
    `ENABLE-APP JVMRoute=node${node}&Alias=localhost&Context=/app,/app${node}`,
  ])
  const reporting = await inLanes(at(proxy.control), (node) => [
    `STATUS JVMRoute=node${node}&Load=${1 + (node % 100)}`,
  ])
  t.diagnostic(`registered in ${registering.toFixed(0)} ms, reports in ${reporting.toFixed(0)} ms`)
  await inLanes(at(proxy.control), (node) => [`STATUS JVMRoute=node${node}&Load=50`])

  const check = async (): Promise<void> => {
    const { nodes, hosts, contexts } = readInfo((await sendMessage(at(proxy.control), 'INFO')).body)
    assert.deepEqual([nodes.length, hosts.length, contexts.length], [500, 500, 1_000])
    assert.ok(nodes.every((node) => node.get('Load') === '50'))
    for (const node of [0, 255, 256, 499]) {
      assert.equal((await get(at(proxy.traffic), `/app${node}`)).text, hostOf(node))
      const mine = { cookie: `JSESSIONID=x.node${node}` }
      assert.equal((await get(at(proxy.traffic), '/app', mine)).text, hostOf(node))
    }
  }
  await check()
  await until(
    'the last load factors are in the file',
    () => readFileSync(state, 'utf8').split('"factor":50').length === nodesMax + 1,
  )
  proxy.child.kill('SIGKILL')
  await proxy.ended
  proxy = await startServe(args, {}, { deadlineMs: 60_000 })
  await check()
})
