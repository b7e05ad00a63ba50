// A proxy with fixed nodes, and servers at addresses of this machine for it.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SourceReport } from '../../src/control/source-report.ts'
import type { NodeReport, StatusReport } from '../../src/control/status-report.ts'
import { makeFolder } from './folder.ts'
import { startServe } from './topspin.ts'
import { until } from './until.ts'

export interface FixedProxy {
  readonly traffic: number
  readonly control: string
  readonly printed: () => string
  readonly report: () => Promise<StatusReport>
  /** Those that are not being removed. */
  readonly nodes: () => Promise<readonly NodeReport[]>
  /** Another configuration in its file, and SIGHUP. */
  readonly reload: (config: object) => void
  readonly kill: () => Promise<unknown>
}

/** `topspin serve` with this configuration. */
export async function startFixed(
  t: TestContext,
  config: object,
  more: readonly string[] = [],
): Promise<FixedProxy> {
  const file = join(makeFolder(), 'topspin.yaml')
  writeFileSync(file, JSON.stringify(config))
  const args = ['--config', file, '--workers', '0', ...more]
  const serve = await startServe(args, {}, { deadlineMs: 90_000 })
  t.after(() => serve.child.kill('SIGKILL'))
  const report = async (): Promise<StatusReport> =>
    (await (await fetch(`${serve.control}api/status`)).json()) as StatusReport
  return {
    traffic: Number(new URL(serve.traffic).port),
    printed: () => serve.printed.stdout,
    control: serve.control,
    report,
    nodes: async () => (await report()).nodes.filter(({ removal }) => removal === 'none'),
    reload: (next) => {
      writeFileSync(file, JSON.stringify(next))
      serve.child.kill('SIGHUP')
    },
    kill: () => {
      serve.child.kill('SIGKILL')
      return serve.ended
    },
  }
}

/** Of the nodes. */
export const hosts = async (proxy: FixedProxy): Promise<string> =>
  (await proxy.nodes())
    .map(({ host }) => host)
    .sort()
    .join(' ')

/** Waits until the nodes are at these hosts. @param wanted as `hosts` returns them. */
export const hostsAre = (proxy: FixedProxy, wanted: string): Promise<void> =>
  until(
    `the nodes are ${wanted}`,
    async () => (await hosts(proxy)) === wanted,
    30_000,
    proxy.printed,
  )

/** The report of its first source. */
export const sourceOf = async (proxy: FixedProxy): Promise<SourceReport> =>
  (await proxy.report()).sources[0] ?? assert.fail('there is no source')

/** Servers on loopback addresses with one port, which answer with their address. */
export async function serversAt(t: TestContext, addresses: readonly string[]): Promise<number> {
  let port = 0
  for (const address of addresses) {
    const server: Server = createServer((_, response) => response.end(address))
    await new Promise<void>((resolve) => server.listen(port, address, resolve))
    port = (server.address() as AddressInfo).port
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
  }
  return port
}
