// The proxy as a process of its own, for what has to be measured from outside: reads the changes from
// its first argument, says its port, serves until it is killed.

import { createProxy } from '../../src/proxy/index.ts'

const proxy = createProxy({ listen: [{ host: '127.0.0.1', port: 0 }] })
proxy.apply(JSON.parse(process.argv[2] ?? '[]'))
const [address] = await proxy.listen()
process.stdout.write(`${address?.port}\n`)
