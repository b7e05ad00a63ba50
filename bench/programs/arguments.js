// What the programs of this folder are told: PORT ACCESS-LOG NODE-PORT..., the log may be `off`.
import { accessLog } from './access-log.js'

const [port, log, ...nodes] = process.argv.slice(2)

export const listen = { port: Number(port), host: '127.0.0.1', backlog: 4096 }
export const targets = nodes.map((node) => `http://127.0.0.1:${node}`)
/** Takes one entry for each request; undefined when there is no access log. */
export const write = log === 'off' ? undefined : accessLog(log)
/** Node.js ends a connection after 5 s by default, the other proxies keep it for minutes. */
export const keepAliveTimeout = 600_000
