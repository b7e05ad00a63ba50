// The choice for a request of which only the head has been read.

import { METHODS } from 'node:http'
import type { RequestHead } from '../../wire/http/request-head.ts'
import type { Choice } from '../choice/choice.ts'
import { fitsPeer } from '../hand-over/fits-peer.ts'
import type { HandOver } from '../hand-over/hand-over.ts'
import { HeadView } from '../hand-over/request-views.ts'

const view = new HeadView()

/**
 * @param length of the head, bytes.
 * @param client address.
 * @returns `undefined`: the server parses the request, and it is chosen for then (parsed-hand-over.ts).
 */
export function chooseByHead(
  head: RequestHead,
  length: number,
  client: string,
  { policy, status }: HandOver,
): Choice | undefined {
  if (head.handedOver >= 0) return undefined
  // The application logs in a connection, which must be the client's own.
  if (head.bindsConnection) return undefined
  // The server here sees the version and the form of the target; a peer gets HTTP/1.1 and origin form.
  if (head.sentMinor !== 1 || head.isAbsolute) return undefined
  // The server answers a method that Node.js does not have.
  if (!head.isCommon && !METHODS.includes(head.method)) return undefined
  if (!fitsPeer(length)) return undefined
  const request = view.of(head, client)
  if (status?.isFor(request.target) === true) return undefined
  return policy.choose(request)
}
