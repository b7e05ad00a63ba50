// npm http-proxy-middleware as a balancer of three servers, with connections that are kept. Started by bench/sides/npm.ts.
import { Agent, createServer } from 'node:http'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { keepAliveTimeout, listen, targets } from './arguments.js'

let turn = 0
const middleware = createProxyMiddleware({
  agent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }),
  xfwd: true,
  target: targets[0],
  router: () => {
    turn = (turn + 1) % targets.length
    return targets[turn]
  },
})
createServer({ keepAliveTimeout }, (request, response) =>
  middleware(request, response, () => {}),
).listen(listen)
