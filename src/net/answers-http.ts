// Asks a server that knows nothing of us whether it is there, over HTTP or HTTPS. Called on behalf of such
// servers: by the sidecar, and by who announces one to peers.

import { request } from 'node:http'
import { request as tlsRequest } from 'node:https'

/** Whether the target gives any HTTP answer in time. Never rejects. */
export function answersHttp(target: URL, timeoutMs: number): Promise<boolean> {
  const send = target.protocol === 'https:' ? tlsRequest : request
  return new Promise((resolve) => {
    // The certificate of a local server need not be one that the world knows.
    const options = { method: 'HEAD', agent: false, rejectUnauthorized: false } as const
    const probe = send(target, options, (response) => {
      response.resume()
      resolve(true)
    })
    const timer = setTimeout(() => probe.destroy(), timeoutMs)
    probe.on('error', () => resolve(false))
    probe.on('close', () => {
      clearTimeout(timer)
      resolve(false)
    })
    probe.end()
  })
}
