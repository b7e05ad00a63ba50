// The part of `topspin doctor` about sources of fixed nodes: those that cannot be used, and entries that they leave out. Pure.

import { formatDuration } from '../../base/duration.ts'
import type { SourceReport } from '../../control/source-report.ts'
import { counted } from '../counted.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** @param sources absent: of a proxy of an earlier version. */
export const sourceFindings = (
  sources: readonly SourceReport[] | undefined = [],
): readonly Finding[] => sources.flatMap(findingsOf)

function findingsOf({
  name,
  nodes,
  reason,
  failingMs,
  problems,
}: SourceReport): readonly Finding[] {
  const what = `source ${name}`
  const left = problems.map((problem) => warn(what, `leaves a node out: ${problem}`, ''))
  if (reason === null) {
    if (nodes === 0) return [...left, warn(what, 'it lists no node', '')]
    return [...left, ok(what, `it lists ${counted(nodes ?? 0, 'node')}`)]
  }
  const length = formatDuration(Math.max(1, Math.round((failingMs ?? 0) / 1_000)) * 1_000)
  const kept = `${counted(nodes ?? 0, 'node')} of its last list ${nodes === 1 ? 'stays' : 'stay'}`
  const advice = adviceFor(name, reason)
  return [
    ...left,
    nodes === null
      ? fail(what, `it cannot be read, and has listed no node so far: ${reason}`, advice)
      : warn(what, `it cannot be read for ${length}; ${kept}: ${reason}`, advice),
  ]
}

/** What each reason means. The first that fits counts; the names of sources begin with their kind. */
const meanings: readonly (readonly [name: RegExp, reason: RegExp, advice: string])[] = [
  [
    /^kubernetes/,
    /40[13]/,
    'the service account needs `get`, `list` and `watch` on `endpointslices` of `discovery.k8s.io` (docs/sources.md)',
  ],
  [
    /^kubernetes/,
    /no EndpointSlice/,
    'does the service exist in that namespace (`kubectl get endpointslices`), and has it a selector?',
  ],
  [/^consul/, /40[13]/, 'the token needs `service:read` and `node:read`'],
  [/^consul/, /no instance/, 'is a service registered under that name, tag and datacenter?'],
  [
    /^docker/,
    /EACCES/,
    'the user of the proxy may not read the socket: add it to the group `docker`, or use a proxy for the socket',
  ],
  [/^docker/, /ENOENT/, 'does Docker run, and is its socket there? `api` names another one'],
  [/./, /certificate|altname|self.signed/i, 'check `ca` and the name in `api`'],
  [
    /./,
    /ECONNREFUSED|no answer|EHOSTUNREACH/,
    'does it run at that address, and does a firewall block it?',
  ],
]

const adviceFor = (name: string, reason: string): string =>
  meanings.find(([names, reasons]) => names.test(name) && reasons.test(reason))?.[2] ?? ''
