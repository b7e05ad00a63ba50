// A proxy that runs in front of the origin, ready to be measured.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Side } from '../sides/side.ts'
import type { Certificate } from './certificate.ts'
import { checkWork } from './check-work.ts'
import { Child } from './child.ts'
import { fetchFrom } from './fetch.ts'
import { freePort } from './ports.ts'
import { until } from './until.ts'

export interface Target {
  readonly name: string
  readonly port: number
  readonly http2Port: number
  readonly tlsPort: number
  /** Its own, for files of a case. */
  readonly folder: string
  readonly child: Child
  readonly accessLog: string | undefined
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
  options: { name: string; accessLog: boolean; certificate: Certificate },
): Promise<Target> {
  const [port, http2Port, tlsPort] = [await freePort(), await freePort(), await freePort()]
  const { certificate } = options
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
  return { name: options.name, port, http2Port, tlsPort, folder: own, child, accessLog }
}
