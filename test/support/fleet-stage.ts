// A fleet of proxies on which faults are tried: nodes change through one proxy and another all the time, clients send requests to
// all proxies, and after each fault all that was accepted is compared.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import {
  equal,
  FleetNode,
  type FleetProxy,
  joined,
  type ProxyMore,
  startFleetProxy,
} from './fleet.ts'
import { FleetWriter } from './fleet-writer.ts'
import { SteadyLoad } from './steady-load.ts'

export interface FleetStage {
  readonly proxies: readonly FleetProxy[]
  readonly writer: FleetWriter
  /** All of them: one that only serves, and those that change. */
  readonly nodes: readonly FleetNode[]
  /** Runs a fault as a test of its own. After it no message was refused, no request failed, and all proxies are equal. */
  under(what: string, fault: () => Promise<void>, more?: Ceilings): Promise<void>
  /** Ends changes and requests. @returns how many requests were served. */
  end(): Promise<number>
}

interface Ceilings {
  /** The slowest reply to a message, ms; default 4,500: a wait for the store, and a put that is not answered. */
  readonly replyMs?: number
  /** Until all proxies have joined again, ms; default 30,000. */
  readonly joinedMs?: number
  /** Until all are equal then, ms; default 10,000. */
  readonly equalMs?: number
}

interface StageMore {
  /** Of each proxy, by its place. */
  readonly proxy?: (at: number) => ProxyMore
  /** Nodes that change; default 8. */
  readonly nodes?: number
  /** The nodes count their changes. */
  readonly isCounted?: boolean
  /** Address of the nodes; default 127.0.0.1. */
  readonly nodeHost?: string
  /** Proxies that get no requests and no messages: the last ones. Default 0. */
  readonly idle?: number
}

/** @param urls of the servers: each proxy prefers another one. */
export async function startFleetStage(
  t: TestContext,
  names: readonly string[],
  urls: readonly string[],
  more: StageMore = {},
): Promise<FleetStage> {
  const proxies: FleetProxy[] = []
  for (const [at, name] of names.entries()) {
    const first = at % urls.length
    const own = [...urls.slice(first), ...urls.slice(0, first)]
    proxies.push(await startFleetProxy(t, name, own, { deadlineMs: 280_000, ...more.proxy?.(at) }))
  }
  await joined(proxies)
  const at = (index: number): FleetProxy => proxies[index % proxies.length] as FleetProxy
  const steady = await FleetNode.start(t, 'steady', '/', more.nodeHost)
  await steady.register(at(0))
  const changing: FleetNode[] = []
  for (let index = 0; index < (more.nodes ?? 8); index++) {
    const node = await FleetNode.start(t, `changing-${index}`, `/app-${index}`, more.nodeHost)
    if (more.isCounted === true) node.count()
    await node.register(at(index))
    changing.push(node)
  }
  const nodes = [steady, ...changing]
  await equal(proxies, nodes)
  const busy = proxies.slice(0, proxies.length - (more.idle ?? 0))
  const writer = new FleetWriter(t, changing, () => busy)
  const loads = busy.map(
    (proxy) => new SteadyLoad(t, proxy.port, 10, new URL(proxy.traffic).hostname),
  )
  const served = (): number => loads.reduce((sum, { good }) => sum + good, 0)

  return {
    proxies,
    writer,
    nodes,
    async under(what, fault, { replyMs = 4_500, joinedMs = 30_000, equalMs = 10_000 } = {}) {
      const [accepted, good] = [writer.accepted, served()]
      writer.slowestMs = 0
      await t.test(what, async (st) => {
        await fault()
        await joined(proxies, joinedMs)
        await writer.pause()
        const begun = performance.now()
        await equal(proxies, nodes, equalMs)
        st.diagnostic(
          `${writer.accepted - accepted} changes accepted, ${served() - good} requests served, slowest reply ${Math.round(writer.slowestMs)} ms, equal after ${Math.round(performance.now() - begun)} ms`,
        )
        writer.resume()
        assert.deepEqual(writer.failures, [])
        assert.ok(writer.slowestMs < replyMs, `a reply took ${writer.slowestMs} ms`)
        for (const { failures } of loads) assert.deepEqual(failures, [])
      })
    },
    async end() {
      await writer.stop()
      await Promise.all(loads.map((load) => load.stop()))
      return served()
    },
  }
}
