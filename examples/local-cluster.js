// A whole cluster on this machine, without containers: one proxy and three nodes as processes. The nodes
// run app.js, which has not a word about clusters in it: `topspin/auto` registers it. Ctrl-C ends all of
// it, the nodes first.
//
//   node examples/local-cluster.js
//   curl http://127.0.0.1:8000/
//   npx topspin status

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const { LISTEN = '127.0.0.1:8000', CONTROL = '127.0.0.1:6666', NODES = '3' } = process.env

// In your own project: `node_modules/.bin/topspin`.
const topspin = fileURLToPath(new URL('../bin/topspin.js', import.meta.url))
const app = fileURLToPath(new URL('./app.js', import.meta.url))

const proxy = start([topspin, 'serve', '--listen', LISTEN, '--control', CONTROL])
// Nodes keep trying until the proxy answers, so the order of starting does not matter.
const nodes = Array.from({ length: Number(NODES) }, (_, index) =>
  start(['--import', 'topspin/auto', app], {
    TOPSPIN_PROXIES: CONTROL,
    TOPSPIN_ROUTE: `node-${index + 1}`,
    PORT: '0',
  }),
)

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, stop)
let isStopping = false

async function stop() {
  if (isStopping) return
  isStopping = true
  for (const node of nodes) node.child.kill('SIGTERM')
  await Promise.all(nodes.map(({ ended }) => ended))
  proxy.child.kill('SIGTERM')
  await proxy.ended
}

/**
 * @param {readonly string[]} args
 * @param {Record<string, string>} [environment]
 */
function start(args, environment = {}) {
  const child = spawn(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
    // Away from the terminal's process group: Ctrl-C reaches this process alone, which ends the others in order.
    detached: true,
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return { child, ended }
}
