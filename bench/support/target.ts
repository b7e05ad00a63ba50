// A proxy that runs in front of the origin, ready to be measured.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Side } from '../sides/side.ts'
import type { Certificate } from './certificate.ts'
import { checkWork } from './check-work.ts'
import { Child } from './child.ts'
import { fetchFrom } from './fetch.ts'
import { freePort } from './ports.ts'
import { startReceiver } from './receiver.ts'
import { until } from './until.ts'
import { watch } from './watch.ts'

export interface Target {
  readonly name: string
  readonly port: number
  readonly http2Port: number
  readonly tlsPort: number
  /** Its own, for files of a case. */
  readonly folder: string
  readonly child: Child
  readonly accessLog: string | undefined
  /** Ends what watches it. @returns what is wrong, '' for nothing. */
  readonly unwatch: () => string
}

export interface TargetOptions {
  readonly name: string
  readonly accessLog: boolean
  readonly certificate: Certificate
  /** As in `Variant`; for Topspin. */
  readonly traced?: number | undefined
  readonly isWatched?: boolean | undefined
}

/** Until a proxy must answer its first request, ms. */
const startMs = 15_000

/**
 * @param folder an existing one; the target gets its own below it.
 * @throws Error when the proxy does not start, or does not do the work that all have to do.
 */
export async function startTarget(
  side: Side,
  nodes: readonly number[],
  folder: string,
  options: TargetOptions,
): Promise<Target> {
  const [port, http2Port, tlsPort] = [await freePort(), await freePort(), await freePort()]
  const { certificate, traced, isWatched = false } = options
  const controlPort = isWatched ? await freePort() : 0
  const receiver = traced === undefined ? undefined : await startReceiver()
  const own = join(folder, `${options.name}-${port}`)
  mkdirSync(own)
  const accessLog = options.accessLog ? join(own, 'access.json') : undefined
  const launch = side.prepare({
    port,
    http2Port,
    tlsPort,
    certificate,
    folder: own,
    nodes,
    accessLog,
    controlPort,
    ...(receiver === undefined
      ? {}
      : { traces: { endpoint: receiver.endpoint, sample: traced ?? 0 } }),
  })
  const child = new Child(side.name, launch, own)
  const answers = async (): Promise<boolean> => {
    if (child.ended) throw new Error(`ended at once: ${child.lastWords()}`)
    return fetchFrom(port, { path: '/100b' }).then(
      (answer) => answer.status === 200,
      () => false,
    )
  }
  try {
    if (!(await until(answers, startMs))) {
      throw new Error(`no answer within ${startMs / 1e3} s: ${child.lastWords()}`)
    }
    await checkWork(port, nodes)
  } catch (error) {
    child.kill()
    throw error
  }
  const watching = isWatched ? watch(controlPort) : undefined
  const unwatch = (): string => {
    watching?.()
    receiver?.close()
    return receiver?.bodies() === 0 ? 'no traces have arrived' : ''
  }
  return { name: options.name, port, http2Port, tlsPort, folder: own, child, accessLog, unwatch }
}
