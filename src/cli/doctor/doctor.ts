// `topspin doctor`: why no node, or no proxy, is found. Runs on the machine of either, beside what runs there.

import { shownSecret } from '../../config/secret.ts'
import { parseEndpoint } from '../../config/values.ts'
import { customaryGroup } from '../../wire/advertise.ts'
import { exitCodes } from '../exit-codes.ts'
import { fetchReport } from '../fetch-report.ts'
import type { DoctorOptions } from '../program.ts'
import { type Finding, fail, ok } from './finding.ts'
import { multicastFindings } from './multicast.ts'
import { nodeFindings } from './nodes.ts'

/** Exit code 1 when something is wrong. */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const findings = await examine(options)
  process.stdout.write(options.json ? `${JSON.stringify(findings, null, 2)}\n` : text(findings))
  return findings.some(({ result }) => result === 'fail') ? exitCodes.failure : exitCodes.ok
}

async function examine(options: DoctorOptions): Promise<Finding[]> {
  const { control, advertise, interface: which, wait } = options
  const findings = control === undefined ? [] : await proxyFindings(control)
  if (advertise === undefined) return findings
  const group = parseEndpoint(advertise) ?? customaryGroup
  const key = process.env['TOPSPIN_ADVERTISE_KEY'] ?? ''
  const heard = await multicastFindings({ group, interface: which, key, waitMs: wait })
  const asked = heard.proxies.filter((address) => address !== control).map(proxyFindings)
  return [...findings, ...heard.findings, ...(await Promise.all(asked)).flat()]
}

async function proxyFindings(control: string): Promise<Finding[]> {
  const shown = shownSecret(undefined)
  const fetched = await fetchReport(control, shown.ok ? shown.secret : undefined)
  if (!fetched.ok) {
    return [
      fail(
        'control listener',
        fetched.message,
        'is the proxy running, and is this its control address (--control)? It listens on loopback unless control.listen says otherwise; other machines need control.listen and no firewall between',
      ),
    ]
  }
  return [
    ok(
      'control listener',
      `${control} answers${fetched.report.draining ? ', it is about to end' : ''}`,
    ),
    ...nodeFindings(fetched.report),
  ]
}

function text(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length))
  const indent = ' '.repeat(width + 8)
  const lines = findings.flatMap(({ result, what, seen, advice }) => {
    const [first = '', ...more] = wrap(seen, columns - indent.length)
    const rest = [...more, ...wrap(advice, columns - indent.length)]
    return [
      `${result.padEnd(4)}  ${what.padEnd(width)}  ${first}`,
      ...rest.map((line) => indent + line),
    ]
  })
  return `${lines.join('\n')}\n`
}

const columns = 96

function wrap(text: string, width: number): string[] {
  return (
    text.match(new RegExp(`.{1,${width}}(?: |$)|\\S+ ?`, 'g'))?.map((line) => line.trimEnd()) ?? []
  )
}
