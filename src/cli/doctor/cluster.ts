// The part of `topspin doctor` about a registry that proxies share: the store, the other proxies and their clocks, and records
// that are not used. Pure.

import type { SharingReport } from '../../control/sharing.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Clocks that differ by more than this, ms. */
const clockMsMax = 2_000
/** A write that its own proxy sees later than this, ms. */
const lagMsMax = 1_000

export function clusterFindings(report: SharingReport | null): readonly Finding[] {
  if (report === null) return []
  const { name, mode, server, revision, unwritten, proxies } = report
  const what = `cluster ${name}`
  const findings: Finding[] = []
  if (mode === 'alone') {
    const reason = report.reason ?? 'for an unknown reason'
    const accepted = unwritten === 0 ? '' : `; ${unwritten} records wait to be written`
    findings.push(
      fail(what, `this proxy is alone: ${reason}${accepted}`, adviceFor(reason, server)),
    )
  } else
    findings.push(
      ok(
        what,
        `joined by ${server ?? 'no server'}, revision ${revision}, ${proxies.length} proxies`,
      ),
    )
  if (report.lagMs !== null && report.lagMs > lagMsMax)
    findings.push(
      warn(
        what,
        `changes arrive ${report.lagMs} ms late`,
        'are the disks of the NATS servers slow?',
      ),
    )
  for (const { key, reason } of report.badRecords.slice(0, shownMax))
    findings.push(
      warn(
        `record ${key}`,
        `is not used: ${reason}`,
        'another program has written it, and the next change of the node mends it; or a newer version of Topspin has: then upgrade',
      ),
    )
  for (const proxy of proxies) findings.push(proxyFinding(proxy))
  if (report.massSilence)
    findings.push(
      warn(
        'nodes',
        'many stopped reporting at a time, and stay in use',
        'can they reach a proxy? Give each node several of them',
      ),
    )
  return findings
}

function proxyFinding(proxy: SharingReport['proxies'][number]): Finding {
  const what = `proxy ${proxy.name}`
  if (!proxy.isSelf && Math.abs(proxy.clockMs) > clockMsMax) {
    const seconds = Math.round(Math.abs(proxy.clockMs) / 1_000)
    const side = proxy.clockMs > 0 ? 'ahead of' : 'behind'
    return warn(
      what,
      `its clock is ${seconds} s ${side} that of this proxy`,
      'synchronise the clocks (NTP): they decide between changes of Java nodes on both sides of a cut',
    )
  }
  const zone = proxy.zone === '' ? '' : `, zone ${proxy.zone}`
  return ok(what, `${proxy.control}, version ${proxy.version}${zone}`)
}

const shownMax = 10

/** What each reason of NATS means. The first that fits counts. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [
    /authori[sz]ation|authentication|user.*expired/i,
    'the NATS servers refuse the login: check cluster.creds, or user and password in cluster.nats',
  ],
  [
    /permissions? violation/i,
    'the account lacks a permission: docs/scaling-out.md lists the subjects that it needs',
  ],
  [
    /certificate|self.signed|altname|tls|ssl/i,
    'the TLS connection fails: check cluster.tls.ca and the names in the certificates of the NATS servers',
  ],
  [
    /replicas|suitable peers/i,
    'the servers cannot keep so many copies: start more of them, or set cluster.replicas before the bucket is made',
  ],
  [
    /maximum bytes|insufficient (?:storage|resources|memory)|no space|resource limits/i,
    'the bucket or the disk of the NATS servers is full: `nats stream info` shows it',
  ],
  [
    /not enabled|no responders|unavailable|503/i,
    'JetStream has no leader now, or is not enabled: a majority of the NATS servers must run, each with `jetstream`',
  ],
  [
    /no answer|timeout/i,
    'the NATS servers are slow, or have no leader: look at their logs and at `nats server report jetstream`',
  ],
]

function adviceFor(reason: string, server: string | null): string {
  const found = meanings.find(([pattern]) => pattern.test(reason))
  if (found !== undefined) return found[1]
  return server === null
    ? 'do the NATS servers run, and does a firewall block the way to them? See cluster.nats'
    : 'look at the logs of the NATS servers'
}
