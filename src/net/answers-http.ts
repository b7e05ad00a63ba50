// An HTTP or HTTPS health check of a local server that has no agent of its own. Used by the sidecar and by the
// announcer of such a server to peers.

import { request } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isShortage } from './shortage.ts'

/** Whether the target sends any HTTP response in time; `undefined` for want of something on this machine. Never rejects. */
export function answersHttp(target: URL, timeoutMs: number): Promise<boolean | undefined> {
  const send = target.protocol === 'https:' ? tlsRequest : request
  return new Promise((resolve) => {
    // A local server may have a certificate that no public authority signed.
    const options = { method: 'HEAD', agent: false, rejectUnauthorized: false } as const
    const probe = send(target, options, (response) => {
      response.resume()
      resolve(true)
    })
    const timer = setTimeout(() => probe.destroy(), timeoutMs)
    probe.on('error', (error) => resolve(isShortage(error) ? undefined : false))
    probe.on('close', () => {
      clearTimeout(timer)
      resolve(false)
    })
    probe.end()
  })
}
