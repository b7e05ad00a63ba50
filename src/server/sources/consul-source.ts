// The healthy instances of a service of Consul as a source of nodes. Each question waits at Consul until something has changed.
// https://developer.hashicorp.com/consul/api-docs/features/blocking

import { readFile } from 'node:fs/promises'
import { fixedLimits } from '../../base/limits.ts'
import { pause } from '../../base/wait.ts'
import type { ConsulSettings } from '../../config/source-settings.ts'
import { ApiClient } from './api-client.ts'
import { nodesOfHealth } from './consul-health.ts'
import type { NodeSource } from './node-source.ts'

/** Where its agent is. */
const usualApi = 'http://127.0.0.1:8500'

/** @param blockMs how long a question waits for a change. */
export function consulSource(
  settings: ConsulSettings,
  blockMs: number = fixedLimits.blockMs,
): NodeSource {
  const { service, api = usualApi, ca, tokenFile } = settings
  const fields = async (): Promise<Readonly<Record<string, string>>> =>
    tokenFile === undefined ? {} : { 'x-consul-token': (await readFile(tokenFile, 'utf8')).trim() }
  const client = new ApiClient({ url: api, ca, fields })
  return {
    async follow(report, signal) {
      let index = 0
      while (!signal.aborted) {
        const path = `/v1/health/service/${encodeURIComponent(service)}?${query(settings, index, blockMs)}`
        // Consul adds up to a sixteenth to the wait.
        const withinMs = fixedLimits.sourceMs + (index === 0 ? 0 : Math.ceil(blockMs * 1.0625))
        const { body, headers } = await client.json(path, signal, withinMs)
        if (!Array.isArray(body)) throw new Error('the answer is not a list')
        // Consul does not tell a service that does not exist from one without instances.
        if (body.length === 0) throw new Error('there is no instance of it')
        report(() => nodesOfHealth(body, settings))
        index = nextIndex(index, headers['x-consul-index'])
        await pause(fixedLimits.watchRestMs, signal)
      }
    },
  }
}

function query(
  { tag, datacenter, namespace }: ConsulSettings,
  index: number,
  blockMs: number,
): URLSearchParams {
  const wanted = { tag, dc: datacenter, ns: namespace }
  const waits = index === 0 ? {} : { index: String(index), wait: `${blockMs}ms` }
  const given = Object.entries({ ...wanted, ...waits }).filter(([, value]) => value !== undefined)
  return new URLSearchParams(Object.fromEntries(given) as Record<string, string>)
}

/** One that goes back, or is missing, means that nothing is known: the next question does not wait. */
function nextIndex(before: number, field: string | string[] | undefined): number {
  const index = Number(field)
  return Number.isSafeInteger(index) && index >= before ? Math.max(0, index) : 0
}
