// `topspin/handler` on a server of node:http. Started by bench/sides/topspin.ts.
import { createServer } from 'node:http'
import { createHandler } from '../../dist/src/handler.js'
import { keepAliveTimeout, listen, targets } from './arguments.js'

// Without checks all nodes are used from the first request on.
const to = targets.map((target) => new URL(target).host)
const handler = createHandler({ to, health: 'none' })
await handler.ready
createServer({ keepAliveTimeout }, handler.handle).listen(listen)
