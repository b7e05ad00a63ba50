// Before a proxy is measured: does it do the work that all of them have to do, and do it right?

import { type Answer, fetchFrom } from './fetch.ts'
import { filler, resources } from './origin.ts'

/** Within this time each of the servers must have had a request. Topspin uses a fixed node once a probe has found it. */
const spreadMs = 2_000

/** @throws Error that tells what is wrong. */
export async function checkWork(port: number, nodes: readonly number[]): Promise<void> {
  await checkForwarded(port, nodes)
  for (const [path, bytes] of Object.entries(resources)) {
    const { status, body } = await fetchFrom(port, { path })
    const right = filler.repeat(Math.ceil(bytes / filler.length)).slice(0, bytes)
    if (status !== 200 || body !== right) {
      throw new Error(
        `GET ${path}: ${status} with ${body.length} bytes, or other ones than the origin's`,
      )
    }
  }
  for (const chunked of [false, true]) {
    const answer = await fetchFrom(port, { path: '/post', body: 'b'.repeat(10_240), chunked })
    if (answer.status !== 200) throw new Error(`POST, chunked ${chunked}: ${answer.status}`)
  }
}

/** The origin tells what it got: port, X-Forwarded-For, -Proto, -Host. */
async function checkForwarded(port: number, nodes: readonly number[]): Promise<void> {
  const seen = new Set<string>()
  const end = performance.now() + spreadMs
  while (seen.size < nodes.length && performance.now() < end) {
    const answer: Answer = await fetchFrom(port, { path: '/echo' })
    const [node = '', client, proto, host] = answer.body.split(' ')
    // Envoy writes the address of the machine for a client on the loopback interface.
    if (!/^(?:::ffff:)?\d+(?:\.\d+){3}$/.test(client ?? '') || proto !== 'http') {
      throw new Error(`X-Forwarded-For and -Proto reach the node as ${client} and ${proto}`)
    }
    if (host !== `localhost:${port}`)
      throw new Error(`X-Forwarded-Host reaches the node as ${host}`)
    seen.add(node)
  }
  if (seen.size !== nodes.length) {
    throw new Error(`${seen.size} of ${nodes.length} nodes had a request`)
  }
}
