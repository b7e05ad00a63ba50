// Local ports: aborted requests do not use them up, and where they are used up the nodes are not to blame.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { built } from '../../support/child.ts'
import { startProxy } from '../../support/cluster-fixture.ts'
import { get, RawClient } from '../../support/raw-client.ts'
import { until } from '../../support/until.ts'

/** State 06 of the kernel's table; ports are hexadecimal. */
function timeWaits(port: number): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => / 06 /.test(line) && line.trim().split(' ')[2]?.endsWith(remote)).length
}

const isLinux = process.platform === 'linux'

test('connections of aborted requests leave no TIME_WAIT', {
  skip: !isLinux && 'needs /proc/net/tcp',
}, async (t) => {
  let waiting = 0
  const node = createServer((socket) => {
    waiting++
    socket.on('error', () => {}).on('close', () => waiting--)
    socket.resume()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => node.once('listening', resolve))
  t.after(() => node.close())
  const { port: nodePort } = node.address() as { port: number }
  const { port, proxy } = await startProxy(t, [{ port: nodePort }])
  for (let round = 0; round < 3; round++) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(t, port)))
    for (const client of clients) client.socket.write(get('/never'))
    await until('the node has the requests', () => waiting === 20)
    for (const { socket } of clients) socket.resetAndDestroy()
    await until('the node has seen the clients leave', () => waiting === 0)
  }
  assert.equal(timeWaits(nodePort), 0)
  assert.equal(proxy.counters.shortages, 0)
})

const inNamespace = ['unshare', '--user', '--map-root-user', '--net']
const whyNoNamespace = ((): string | false => {
  const [command = '', ...words] = inNamespace
  const { status } = spawnSync(command, [...words, 'true'])
  return status === 0 ? false : 'no network namespace can be made here'
})()

test('without a free local port requests get 503, and the nodes stay up', {
  skip: whyNoNamespace,
}, () => {
  const range = 'echo 40000 40031 > /proc/sys/net/ipv4/ip_local_port_range'
  const { full, freed, health, shortages } = inside('few-ports', range)
  assert.deepEqual(full, { 200: 0, 503: 20 })
  assert.deepEqual(freed, { 200: 20, 503: 0 })
  assert.deepEqual(health, ['up', 'up'])
  assert.ok(shortages >= 20, `${shortages}`)
})

test('a node that a local rule forbids costs no request while another can serve it', {
  skip: whyNoNamespace,
}, () => {
  const { beside, alone, health, shortages, lines } = inside(
    'forbidden-node',
    'ip route add prohibit 192.0.2.1',
  )
  assert.deepEqual(beside, { 200: 300 })
  assert.deepEqual(alone, { 503: 3 })
  assert.deepEqual(health, ['up', 'up'])
  assert.ok(shortages > 103, `${shortages}`)
  assert.deepEqual(lines, ['connection to node not possible on this machine', 'request not served'])
})

/** What a fixture prints in a network of its own, after a command there. */
function inside(fixture: string, command: string) {
  const script = [
    'ip link set lo up',
    command,
    `exec ${process.execPath} ${built(`test/fixtures/${fixture}.js`)}`,
  ].join(' && ')
  const [program = '', ...words] = inNamespace
  const { stdout, stderr } = spawnSync(program, [...words, 'sh', '-c', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}
