// The operations of the API by which people watch the traffic and the program: requests, their rates and times, listeners,
// configuration.

import { trendLimits } from '../../base/limits.ts'
import type { ControlSettings } from '../options.ts'
import { jsonResponse } from '../page-response.ts'
import { PeersReader } from '../peers/peers-reader.ts'
import type { RequestFilter } from '../requests/request-filter.ts'
import type { RequestFollowers } from '../requests/request-followers.ts'
import type { Trends } from '../trends.ts'
import type { Endpoint } from './endpoint.ts'
import { problem } from './problem.ts'
import { queries } from './schemas.ts'

interface Parts {
  readonly settings: ControlSettings
  readonly trends: Trends
  readonly followers: RequestFollowers
}

export function watchingEndpoints({ settings, trends, followers }: Parts): readonly Endpoint[] {
  const peers = new PeersReader(settings.clock)
  return [
    {
      id: 'followRequests',
      method: 'GET',
      path: '/requests/stream',
      summary:
        'Server-sent events: `request`, a `Request`, for each request that has ended and fits; `skipped` with the number of those that were too many.',
      role: 'reader',
      query: queries.requests,
      answers: { 200: 'text/event-stream', 503: 'Problem' },
      handle: ({ query, actor }) =>
        followers.hasRoomFor(actor.from)
          ? {
              status: 200,
              contentType: 'text/event-stream',
              body: '',
              stream: followers.stream(query as RequestFilter),
            }
          : problem(503, 'too many follow the requests already'),
    },
    {
      id: 'listApplications',
      method: 'GET',
      path: '/applications',
      summary: 'Rates and times of requests by balancer and context, over the last seconds.',
      role: 'reader',
      answers: { 200: 'Applications' },
      handle: async () => {
        await settings.traffic.refresh()
        return jsonResponse({ applications: trends.applications() })
      },
    },
    {
      id: 'getHistory',
      method: 'GET',
      path: '/history',
      summary: 'Rates and times of all requests and of the nodes in the last ten minutes.',
      role: 'reader',
      query: queries.history,
      answers: { 200: 'History' },
      handle: ({ query: { node } }) =>
        jsonResponse({
          everyMs: trendLimits.everyMs,
          ...trends.history(node as string | undefined),
        }),
    },
    {
      id: 'listPeers',
      method: 'GET',
      path: '/peers',
      summary: 'The peers, and who hands over to whom, read from their status pages.',
      role: 'reader',
      answers: { 200: 'Peers', 404: 'Problem' },
      handle: async () =>
        settings.peerPages.length === 0
          ? problem(404, 'no peers are watched (control.peers is not set)')
          : jsonResponse(await peers.report(settings.peerPages)),
    },
    {
      id: 'listListeners',
      method: 'GET',
      path: '/listeners',
      summary: 'The addresses that the proxy listens on.',
      role: 'reader',
      answers: { 200: 'Listeners' },
      handle: () => jsonResponse({ listeners: settings.inspection?.listeners() ?? [] }),
    },
    {
      id: 'getConfiguration',
      method: 'GET',
      path: '/configuration',
      summary: 'The configuration in force, with the origin of each value; without secrets.',
      role: 'operator',
      answers: { 200: 'Configuration', 403: 'Problem' },
      handle: () => jsonResponse({ values: settings.inspection?.configuration() ?? [] }),
    },
  ]
}
