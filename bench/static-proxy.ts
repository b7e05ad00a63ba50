// A proxy in front of fixed nodes, for measuring: node dist/bench/static-proxy.js PORT HOST:PORT...
// The nodes report load factor 100, as nodes with an agent would.

import { createProxy } from '../src/proxy/index.ts'

const [port = '8000', ...nodes] = process.argv.slice(2)
const proxy = createProxy({ listen: [{ host: '127.0.0.1', port: Number(port) }] })
proxy.apply([
  {
    kind: 'balancer',
    balancer: {
      name: 'static',
      slot: 0,
      sticky: true,
      cookie: 'JSESSIONID',
      pathParameter: 'jsessionid',
      stickyRemove: false,
      stickyForce: false,
      waitMs: 0,
      maxAttempts: 1,
    },
  },
])
for (const [index, node] of nodes.entries()) {
  const id = index + 1
  const [host = '', nodePort = ''] = node.split(':')
  proxy.apply([
    {
      kind: 'node',
      node: {
        id,
        slot: index,
        route: `n${id}`,
        balancer: 'static',
        domain: '',
        host,
        port: Number(nodePort),
        type: 'http',
        reversed: false,
        flushPackets: 'off',
        flushWaitMs: 10,
        pingMs: 10_000,
        smax: -1,
        ttlMs: 60_000,
        timeoutMs: 0,
        removal: 'none',
        fixed: true,
      },
    },
    { kind: 'contexts', id, contexts: [{ path: '/', alias: '*', vhost: 1, status: 'ENABLED' }] },
    { kind: 'load', id, factor: 100 },
  ])
}
await proxy.listen()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0))
console.log('listening')
