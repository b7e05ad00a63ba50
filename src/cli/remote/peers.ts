// `topspin peers`: the peers, and who hands over to whom, as the proxy has read it from their status pages.

import { type PeersReport, pairOf, type SentReport } from '../../control/peers/peers-report.ts'
import { print, printJson } from '../output.ts'
import { fittedText } from '../table.ts'
import { wrapped } from '../wrapped.ts'
import { type RemoteFlags, withRemote } from './remote.ts'

export const showPeers = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const report = await remote.get<PeersReport>('/peers')
    if (flags.json) printJson(report)
    else print(peersText(report, process.stdout.columns))
  })

export function peersText({ peers, sent, problems }: PeersReport, width?: number): string {
  const troubles = problems.map(({ page, reason }) => wrapped(`${page}: ${reason}`, width, 2))
  if (peers.length === 0) return `${['No peer has told anything.', ...troubles].join('\n')}\n`
  const table = fittedText(
    [
      { title: 'PEER' },
      { title: 'URL', rank: 1 },
      { title: 'SEEN BY', align: 'right' },
      { title: 'IN HAND', align: 'right' },
      { title: 'ROOM FOR', align: 'right', rank: 2 },
      { title: 'MS', align: 'right', rank: 2 },
      { title: 'SERVED', align: 'right' },
    ],
    peers.map(({ name, url, seenBy, knownBy, resources }) => [
      name,
      url,
      `${seenBy} of ${knownBy}`,
      String(resources.inHand),
      resources.knee === 0 ? '-' : resources.knee.toFixed(1),
      resources.serviceTimeMs.toFixed(1),
      String(resources.served),
    ]),
    width,
  )
  return [table, matrixText({ peers, sent }, width), ...troubles.map((text) => `${text}\n`)].join(
    '\n',
  )
}

/** A row for each peer that was read, a column for each peer; wide clusters as a list. */
function matrixText({ peers, sent }: Pick<PeersReport, 'peers' | 'sent'>, width?: number): string {
  const rows = peers.filter(({ isRead }) => isRead)
  const longest = Math.max(8, ...peers.map(({ name }) => name.length)) + 2
  if (width !== undefined && longest * (peers.length + 1) > width) return listText(sent, width)
  const byPair = new Map(sent.map((each) => [pairOf(each.from, each.to), each]))
  const cellOf = (from: string, to: string): string =>
    from === to ? '.' : cellText(byPair.get(pairOf(from, to)))
  return fittedText(
    [
      { title: 'FROM \\ TO' },
      ...peers.map(({ name }) => ({ title: name, align: 'right' as const })),
    ],
    rows.map(({ name }) => [name, ...peers.map((to) => cellOf(name, to.name))]),
  )
}

const listText = (sent: readonly SentReport[], width: number): string =>
  fittedText(
    [
      { title: 'FROM' },
      { title: 'TO' },
      { title: 'REQUESTS', align: 'right' },
      { title: 'PER SECOND', align: 'right' },
      { title: 'FAILED', align: 'right' },
    ],
    [...sent]
      .sort((a, b) => b.requests - a.requests)
      .map(({ from, to, requests, perSecond, failures }) => [
        from,
        to,
        String(requests),
        perSecond === null ? '-' : perSecond.toFixed(1),
        String(failures),
      ]),
    width,
  )

/** `120`, with failed attempts `120 (3 failed)`. */
function cellText(sent: SentReport | undefined): string {
  if (sent === undefined) return '0'
  return sent.failures === 0 ? String(sent.requests) : `${sent.requests} (${sent.failures} failed)`
}
