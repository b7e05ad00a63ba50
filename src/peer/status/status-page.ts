// The status page of a peer (mod_backhand's backhand-handler): its report as HTML that people read, with no
// script, or as JSON. Called by whoever answers requests for it; the report may hold anything that others
// announce, so all of it is escaped.

import type { CounterGroup, PeerRow, PeersReport } from './status-report.ts'
import { statusStyle } from './status-style.ts'

export interface StatusAnswer {
  readonly contentType: string
  readonly body: string
}

/** @param accept the request's Accept field: JSON for whoever asks for it before HTML. */
export function statusAnswer(report: PeersReport, accept: string = ''): StatusAnswer {
  const json = accept.indexOf('json')
  const html = accept.indexOf('html')
  if (json >= 0 && (html < 0 || json < html)) {
    return { contentType: 'application/json', body: `${JSON.stringify(report, undefined, 2)}\n` }
  }
  return { contentType: 'text/html; charset=utf-8', body: statusPage(report) }
}

/** Five seconds until the browser loads it again. */
export function statusPage(report: PeersReport): string {
  const { name, time, peers, announcements, counters } = report
  const present = peers.filter(({ state }) => state === 'self' || state === 'present').length
  const { accepted, own, refused } = announcements
  const said = { 'from peers': accepted, 'own echoes': own }
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Peers of ${text(name)}</title>
<style>${statusStyle}</style>
</head>
<body>
<header>
<h1>Peers as <strong>${text(name)}</strong> sees them</h1>
<p>${present} of ${peers.length} there · ${new Date(time).toISOString().replace('T', ' ').slice(0, 19)} UTC</p>
${trust(report)}
</header>
<main>
<table>
<caption>What each announces, and what was sent there from here</caption>
<thead>
<tr><th rowspan="2" scope="col">Peer</th><th rowspan="2" scope="col">State</th><th rowspan="2" scope="col">Heard</th><th colspan="4" scope="colgroup">Machine</th><th colspan="4" scope="colgroup">Requests there</th><th colspan="3" scope="colgroup">Sent from here</th></tr>
<tr>${['CPU idle', 'Load', 'Memory free', 'Loop delay', 'In hand', 'Served', 'Typical time', 'Speed', 'Requests', 'In flight', 'Failed'].map((title) => `<th scope="col">${title}</th>`).join('')}</tr>
</thead>
<tbody>
${peers.map(row).join('\n')}
</tbody>
</table>
<div class="groups">
${[group({ title: 'Announcements', counts: said }), group({ title: 'Refused datagrams', counts: refused }), ...counters.map(group)].join('\n')}
</div>
</main>
</body>
</html>
`
}

function trust({ isAuthenticated, acceptFrom }: PeersReport): string {
  const from = acceptFrom === undefined ? 'any address' : acceptFrom.map(text).join(', ')
  return isAuthenticated
    ? `<p>Announcements are sealed with a key, and accepted from ${from}.</p>`
    : `<p class="warning">Announcements are not authenticated; they are accepted from ${from}.</p>`
}

function row(peer: PeerRow): string {
  const { name, url, state, contexts, resources: has, sent, loss } = peer
  const serves = contexts.length === 0 ? '' : `<small>${contexts.map(text).join(' ')}</small>`
  const slots = has.slotsInUse + has.slotsFree
  const lost = loss < 0.01 ? '' : `<small>${percent(loss)} lost</small>`
  const cells = [
    `${bar(1 - has.cpuIdle)}${percent(has.cpuIdle)}<small>${number(has.cores)} cores</small>`,
    `${number(has.load)}<small>up to ${number(has.loadHigh)}</small>`,
    `${bar(has.memoryTotal > 0 ? 1 - has.memoryAvailable / has.memoryTotal : 0)}${bytes(has.memoryAvailable)}<small>of ${bytes(has.memoryTotal)}</small>`,
    duration(has.eventLoopDelayMs),
    `${bar(slots > 0 ? has.slotsInUse / slots : 0)}${number(has.slotsInUse)}<small>of ${number(slots)}</small>`,
    number(has.served),
    has.serviceTimeMs === 0 ? '–' : duration(has.serviceTimeMs),
    has.speed === 1 ? '–' : `${number(has.speed)}/s`,
    number(sent.requests),
    number(sent.inFlight),
    number(sent.failures),
  ]
  const age = state === 'self' ? 'itself' : `${duration(peer.ageMs)} ago`
  return `<tr class="${state}"><th scope="row">${text(name)}<small>${text(url)}</small>${serves}</th><td><span class="state">${state}</span><small>up ${duration(peer.upMs)}</small></td><td>${age}${lost}</td>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

function group({ title, counts }: CounterGroup): string {
  const rows = Object.entries(counts).map(
    ([word, count]) => `<tr><th scope="row">${text(word)}</th><td>${number(count)}</td></tr>`,
  )
  const none = '<tr><td colspan="2">none</td></tr>'
  return `<table><caption>${text(title)}</caption><tbody>${rows.length === 0 ? none : rows.join('')}</tbody></table>`
}

/** Busy share, 0..1; read out as the number beside it. */
function bar(share: number): string {
  const busy = Math.round(Math.min(1, Math.max(0, share)) * 100)
  return `<span class="bar" aria-hidden="true"><i style="width:${busy}%"></i></span>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const text = (raw: string): string => raw.replace(/[&<>"']/g, (sign) => entities[sign] ?? '')
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
