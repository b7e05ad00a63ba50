// `topspin doctor`: finds out why nodes and proxies do not find each other. Runs on the machine of a node or a proxy.

import { systemClock } from '../../base/clock.ts'
import { strayVariables } from '../../base/environment.ts'
import { parseEndpoint } from '../../base/host-port.ts'
import { printable } from '../../base/printable.ts'
import { commandSecret } from '../../config/secret.ts'
import { customaryGroup } from '../../wire/advertise.ts'
import { exitCodes } from '../failure.ts'
import { print, printError, printJson } from '../output.ts'
import { fetchReport } from '../remote/fetch.ts'
import { wrapped } from '../wrapped.ts'
import { certificateFindings } from './certificates.ts'
import { clusterFindings } from './cluster.ts'
import { type Finding, fail, ok } from './finding.ts'
import { multicastFindings } from './multicast.ts'
import { nodeFindings } from './nodes.ts'
import { sourceFindings } from './sources.ts'

export interface DoctorFlags {
  /** Absent: only the proxies that advertise themselves are examined. */
  readonly control?: string
  /** Multicast group, or `on`. */
  readonly advertise?: string
  readonly interface?: string
  /** How long to wait for advertisements, ms. */
  readonly wait: number
  readonly secretFile?: string
  readonly json?: boolean
}

/** Exit code 1 when a finding is `fail`. */
export async function runDoctor(flags: DoctorFlags): Promise<number> {
  const secret = commandSecret(flags.secretFile)
  const problems = strayVariables(process.env)
  if (!secret.ok) problems.push(secret.problem)
  for (const problem of problems) printError(`topspin: ${problem}\n`)
  if (!secret.ok || problems.length > 0) return exitCodes.usage
  const findings = await examine(flags, secret.secret)
  if (flags.json) printJson(findings, 2)
  else print(findingsText(findings, process.stdout.columns ?? plainColumns))
  return findings.some(({ result }) => result === 'fail') ? exitCodes.failure : exitCodes.ok
}

async function examine(flags: DoctorFlags, secret: string | undefined): Promise<Finding[]> {
  const { control, advertise, interface: which, wait } = flags
  const ask = (at: string): Promise<Finding[]> => proxyFindings(at, secret)
  const findings = control === undefined ? [] : await ask(control)
  if (advertise === undefined) return findings
  const group = parseEndpoint(advertise) ?? customaryGroup
  const key = process.env['TOPSPIN_ADVERTISE_KEY'] ?? ''
  const multicast = await multicastFindings({ group, interface: which, key, waitMs: wait })
  const asked = multicast.proxies.filter((address) => address !== control).map(ask)
  return [...findings, ...multicast.findings, ...(await Promise.all(asked)).flat()]
}

async function proxyFindings(control: string, secret: string | undefined): Promise<Finding[]> {
  const fetched = await fetchReport(control, secret)
  if (!fetched.ok) {
    const advice = fetched.isReached
      ? 'docs/manager.md describes who may use a control listener, docs/tls.md those with TLS'
      : 'is the proxy running, and is this its control address (--control)? It listens on loopback by default; to reach it from other machines, set control.listen and open the firewall. One with TLS is https://HOST:PORT'
    return [fail('control listener', fetched.message, advice)]
  }
  return [
    ok(
      'control listener',
      `${control} answers${fetched.report.draining ? ', it is draining' : ''}`,
    ),
    ...nodeFindings(fetched.report),
    ...sourceFindings(fetched.report.sources),
    ...clusterFindings(fetched.report.cluster ?? null),
    ...certificateFindings(fetched.report.certificates, systemClock.wall()),
  ]
}

/** @param columns of the terminal. */
export function findingsText(findings: readonly Finding[], columns: number): string {
  const width = Math.max(...findings.map(({ what }) => what.length))
  // A long name leaves no room beside it: then the text begins on a line of its own.
  const isBeside = columns - width - gap >= besideMin
  const indent = isBeside ? width + gap : 6
  const lines = findings.flatMap(({ result, what, seen, advice }) => {
    const head = `${result.padEnd(4)}  ${isBeside ? what.padEnd(width) : what}`
    const blank = ' '.repeat(indent)
    const [first = '', ...rest] = [seen, advice]
      .filter((part) => part !== '')
      .flatMap((part) => wrapped(printable(part), columns - indent).split('\n'))
    return isBeside
      ? [`${printable(head)}  ${first}`, ...rest.map((line) => blank + line)]
      : [printable(head), ...[first, ...rest].map((line) => blank + line)]
  })
  return `${lines.join('\n')}\n`
}

/** Characters in front of and behind the name of what was examined. */
const gap = 8
/** Narrower columns of text are not readable. */
const besideMin = 36
/** Without a terminal. */
const plainColumns = 96
