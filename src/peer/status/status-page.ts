// The status page of a peer (mod_backhand's backhand-handler): the report as HTML without scripts, or as JSON.
// Names and paths in a report come from the network, so every value is escaped (wire/html.ts).

import { Html, html } from '../../wire/html.ts'
import type { AskedReport, CounterGroup, PeerRow, PeersReport } from './status-report.ts'
import { statusStyle } from './status-style.ts'

interface StatusAnswer {
  readonly contentType: string
  readonly body: string
}

/** @param accept the request's Accept field: JSON when it names JSON before HTML. */
export function statusAnswer(report: PeersReport, accept: string = ''): StatusAnswer {
  const json = accept.indexOf('json')
  const page = accept.indexOf('html')
  if (json >= 0 && (page < 0 || json < page)) {
    return { contentType: 'application/json', body: `${JSON.stringify(report, undefined, 2)}\n` }
  }
  return { contentType: 'text/html; charset=utf-8', body: statusPage(report) }
}

const machineColumns = ['CPU busy', 'Load', 'Memory used', 'Event loop delay']
const serviceColumns = ['In flight', 'Served', 'Typical time', 'With room', 'At once']
const sentColumns = ['Requests', 'In flight', 'Failed']
const columns = [...machineColumns, ...serviceColumns, ...sentColumns]

/** The page reloads itself every five seconds. */
export function statusPage(report: PeersReport): string {
  const { name, time, peers, announcements, counters, lastQuestion } = report
  const present = peers.filter(({ state }) => state === 'self' || state === 'present').length
  const { accepted, own, refused } = announcements
  const groups: readonly CounterGroup[] = [
    { title: 'Announcements', counts: { 'from peers': accepted, 'own echoes': own } },
    { title: 'Refused datagrams', counts: refused },
    ...counters,
  ]
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Peers of ${name}</title>
<style>${new Html(statusStyle)}</style>
</head>
<body>
<header>
<h1>Peers of <strong>${name}</strong></h1>
<p>${present} of ${peers.length} present · ${new Date(time).toISOString().replace('T', ' ').slice(0, 19)} UTC</p>
${trust(report)}
</header>
<main>
<table>
<caption>What each peer announces, and the requests that this server sent to it</caption>
<thead>
<tr><th rowspan="2" scope="col">Peer</th><th rowspan="2" scope="col">State</th><th rowspan="2" scope="col">Last announcement</th><th colspan="${machineColumns.length}" scope="colgroup">Machine</th><th colspan="${serviceColumns.length}" scope="colgroup">Requests there</th><th colspan="${sentColumns.length}" scope="colgroup">Sent from here</th></tr>
<tr>${columns.map((title) => html`<th scope="col">${title}</th>`)}</tr>
</thead>
<tbody>
${peers.map(row)}</tbody>
</table>
<div class="groups">
${groups.map(group)}${lastQuestion === undefined ? html`` : question(lastQuestion)}</div>
</main>
</body>
</html>
`.text
}

function trust({ isAuthenticated, acceptFrom }: PeersReport): Html {
  const from = acceptFrom === undefined ? 'any address' : acceptFrom.join(', ')
  return isAuthenticated
    ? html`<p>Announcements are authenticated with a shared key and accepted from ${from}.</p>`
    : html`<p class="warning">Announcements are not authenticated; they are accepted from ${from}.</p>`
}

function row(peer: PeerRow): Html {
  const { name, url, state, contexts, loss } = peer
  const paths = contexts.length === 0 ? html`` : html`<small>${contexts.join(' ')}</small>`
  const lost = loss < 0.01 ? html`` : html`<small>${percent(loss)} lost</small>`
  const age = state === 'self' ? 'this server' : `${duration(peer.ageMs)} ago`
  const cells = [...machineCells(peer), ...serviceCells(peer), ...sentCells(peer)]
  return html`<tr class="${state}"><th scope="row">${name}<small>${url}</small>${paths}</th><td><span class="state">${state}</span><small>up ${duration(peer.upMs)}</small></td><td>${age}${lost}</td>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`
}

function machineCells({ resources: has }: PeerRow): readonly Html[] {
  const used = Math.max(0, has.memoryTotal - has.memoryAvailable)
  const usedShare = has.memoryTotal > 0 ? used / has.memoryTotal : 0
  return [
    html`${bar(1 - has.cpuIdle)}${percent(1 - has.cpuIdle)}<small>of ${number(has.cores)} cores</small>`,
    html`${number(has.load)}<small>up to ${number(has.loadHigh)}</small>`,
    html`${bar(usedShare)}${bytes(used)}<small>of ${bytes(has.memoryTotal)}</small>`,
    html`${duration(has.eventLoopDelayMs)}`,
  ]
}

function serviceCells({ resources: has }: PeerRow): readonly Html[] {
  const slots = has.slotsInUse + has.slotsFree
  const used = slots > 0 ? has.slotsInUse / slots : 0
  return [
    html`${bar(used)}${number(has.slotsInUse)}<small>of ${number(slots)}</small>`,
    html`${number(has.served)}`,
    html`${has.serviceTimeMs === 0 ? '–' : duration(has.serviceTimeMs)}`,
    html`${has.ms === 0 ? '–' : duration(has.ms)}`,
    html`${has.knee === 0 ? '–' : number(has.knee)}`,
  ]
}

const sentCells = ({ sent }: PeerRow): readonly Html[] =>
  [sent.requests, sent.inFlight, sent.failures].map((count) => html`${number(count)}`)

function group({ title, counts }: CounterGroup): Html {
  const rows = Object.entries(counts).map(
    ([name, count]) =>
      html`<tr><th scope="row">${counterNames.get(name) ?? name}</th><td>${number(count)}</td></tr>`,
  )
  const none = html`<tr><td colspan="2">none</td></tr>`
  return html`<table><caption>${title}</caption><tbody>${rows.length === 0 ? none : rows}</tbody></table>
`
}

/** Names in the report that need words. */
const counterNames: ReadonlyMap<string, string> = new Map([
  ['here', 'served here'],
  ['handed', 'handed over'],
  ['redirected', 'redirected'],
  ['cameBack', 'not answered by a peer, served here'],
  ['received', 'received from peers'],
  ['refusedMarks', 'with a mark that was refused'],
  ['requests', 'requests for which peers were asked'],
  ['limited', 'requests beyond the limit of questions'],
  ['questions', 'questions sent'],
  ['answers', 'answers received'],
  ['late', 'answers too late'],
  ['given', 'answers given'],
])

/** What the peers answered, and which server was chosen. */
function question({ asked, winner }: AskedReport): Html {
  const rows = asked.map(({ name, room }) => {
    const chosen = name === winner ? html` <strong>chosen</strong>` : html``
    const errors =
      room === undefined || room.errorFactor === 1
        ? html``
        : html`<small>errors: ${number(room.errorFactor)} times</small>`
    const figures =
      room === undefined
        ? html`no answer`
        : html`${number(room.inHand)} of ${number(room.knee)}, ${duration(room.ms)}${errors}`
    return html`<tr><th scope="row">${name}${chosen}</th><td>${figures}</td></tr>`
  })
  return html`<table><caption>Last question: in hand, of so many at once, time with room</caption><tbody>${rows}</tbody></table>
`
}

/** @param share busy share, 0..1; screen readers read the number beside the bar instead. */
function bar(share: number): Html {
  const busy = Math.round(Math.min(1, Math.max(0, share)) * 100)
  return html`<span class="bar" aria-hidden="true"><i style="width:${busy}%"></i></span>`
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

function number(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })
}

function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10))
  return `${number(value / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`
}

function duration(ms: number): string {
  if (ms < 0.01) return '< 0.01 ms'
  if (ms < 1_000) return `${number(ms)} ms`
  if (ms < 120_000) return `${number(ms / 1_000)} s`
  if (ms < 7_200_000) return `${number(ms / 60_000)} min`
  return ms < 172_800_000 ? `${number(ms / 3_600_000)} h` : `${number(ms / 86_400_000)} days`
}
