// Names that programs of the pages use without saying where they come from, because an earlier block or the text does.
// A block declares other ones, or other types, in its mark `given`.

export const givenNames: string = `
declare const app: import('express').Express
declare const cluster: typeof import('node:cluster').default
declare const createProxy: typeof import('topspin').createProxy
declare const handler: import('topspin/handler').Handler
declare const id: string
declare const joinCluster: typeof import('topspin/agent').joinCluster
declare const listen: { host: string; port: number }[]
declare const loadPolicies: typeof import('topspin').loadPolicies
declare const once: typeof import('node:events').once
declare const parentPort: import('node:worker_threads').MessagePort
declare const proxies: string[]
declare const queue: { length: number }
declare const readFileSync: typeof import('node:fs').readFileSync
declare const response: import('node:http').ServerResponse
declare const server: import('node:http').Server
declare const topspin: import('topspin').Topspin
`
