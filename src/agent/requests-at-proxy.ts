// How many requests to this node a proxy has in flight once contexts are STOPPED. Topspin and Undertow write the number
// into their replies; today's httpd does not, and shows it in INFO, for the whole node. Used by draining.ts.

import type { AppMessage } from '../wire/mcmp/message.ts'
import { parseInfo } from '../wire/mcmp/parse-info.ts'
import { requestsIn } from '../wire/mcmp/reply.ts'
import { infoMessage, type ProxyLink } from './proxy-link.ts'

/**
 * Sends the messages and reads the number of requests from the replies to STOP-APP.
 * @param countsRequests this process counts them itself, so a proxy whose replies have no number need not be asked.
 * @returns 0 if the replies have no number.
 */
export async function requestsAtProxy(
  link: Pick<ProxyLink, 'send'>,
  messages: readonly AppMessage[],
  deadlineMs: number,
  route: string,
  countsRequests: boolean,
): Promise<number> {
  const results = await link.send(messages, deadlineMs)
  let sum = 0
  let isSilent = false
  for (const [index, result] of results.entries()) {
    if (!result.ok || messages[index]?.method !== 'STOP-APP') continue
    const requests = requestsIn(result.body)
    if (requests === undefined) isSilent = true
    else sum += requests
  }
  return isSilent && !countsRequests ? sum + (await connected(link, deadlineMs, route)) : sum
}

async function connected(
  link: Pick<ProxyLink, 'send'>,
  deadlineMs: number,
  route: string,
): Promise<number> {
  const [result] = await link.send([infoMessage], deadlineMs)
  const read = result?.ok === true ? parseInfo(result.body) : undefined
  if (read?.ok !== true) return 0
  return read.info.nodes.find(({ name }) => name === route)?.connected ?? 0
}
