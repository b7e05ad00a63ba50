// A proxy in this process with rules as a configuration file has them, and nodes that answer with what they were sent.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { LiveTable } from '../../src/cluster/live.ts'
import { Registry } from '../../src/cluster/registry.ts'
import { readConfig } from '../../src/config/config.ts'
import { fixedNodesOf, placedIn } from '../../src/config/fixed-nodes.ts'
import type { Config } from '../../src/config/schema.ts'
import { readTls } from '../../src/config/tls-files.ts'
import { type TrafficSettings, trafficSettings } from '../../src/config/traffic-settings.ts'
import { createProxy, type ProxyOptions, type ReverseProxy } from '../../src/proxy/index.ts'

/** The configuration of this text. */
export function configOf(text: string, name: string = 'rules.yaml'): Config {
  const result = readConfig({ file: { name, text }, environment: {}, flags: [] })
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.problems, null, 1))
  return result.config
}

/** What is wrong with this text, as `topspin check` prints it. */
export function problemsOf(text: string): readonly string[] {
  const result = readConfig({ file: { name: 'f', text }, environment: {}, flags: [] })
  if (result.ok) return []
  return result.problems.map(({ place, path, message }) => `${place} ${path}: ${message}`)
}

export interface RulesProxy {
  readonly proxy: ReverseProxy
  readonly port: number
}

/** The settings of a proxy with this configuration. @param name of its file, for the files that it names. */
export async function settingsOf(text: string, name?: string): Promise<TrafficSettings> {
  const config = configOf(text, name)
  const tls = await readTls(config)
  assert.ok(tls.ok, tls.ok ? '' : JSON.stringify(tls.problems))
  return trafficSettings(config, tls.material, 'under-test')
}

/** @param text without `listen`. @param name of its file, for the files that it names. */
export async function startRules(
  t: TestContext,
  text: string,
  name?: string,
  options: Pick<ProxyOptions, 'accessLog'> = {},
): Promise<RulesProxy> {
  const config = configOf(text, name)
  const live = new LiveTable()
  const proxy = createProxy({
    ...(await settingsOf(text, name)),
    ...options,
    listen: [{ host: '127.0.0.1', port: 0 }],
    live,
  })
  const registry = new Registry({ runId: '1' })
  proxy.apply(registry.addFixed(fixedNodesOf(placedIn(config.to), config)))
  const [address] = await proxy.listen()
  t.after(() => proxy.close())
  return { proxy, port: address?.port ?? 0 }
}

/** What a node was sent. */
export interface Sent {
  readonly node: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A node that answers with what it was sent, as JSON. @param name in its answers. */
export async function startMirror(t: TestContext, name: string): Promise<number> {
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    request.resume()
    request.on('end', () => {
      const body = JSON.stringify({ node: name, method, url, headers })
      response.setHeader('content-type', 'application/json').end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
