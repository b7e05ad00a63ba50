// Applications in processes of their own that join as peers by the environment alone, over a multicast
// group on the loopback interface.

import type { TestContext } from 'node:test'
import { built, type Child, startChild } from './child.ts'
import { freePorts } from './free-ports.ts'
import { get } from './node-server.ts'
import { until } from './until.ts'

export interface PeerApp extends Child {
  readonly name: string
  readonly port: number
}

/** Milliseconds between two announcements. */
export const periodMs = 250

export class PeerApps {
  readonly #t: TestContext
  readonly #environment: Record<string, string>

  private constructor(t: TestContext, environment: Record<string, string>) {
    this.#t = t
    this.#environment = environment
  }

  static async make(t: TestContext, environment: Record<string, string> = {}): Promise<PeerApps> {
    const [port] = await freePorts(1)
    return new PeerApps(t, {
      TOPSPIN_MODE: 'peer',
      TOPSPIN_GROUP: `239.255.77.1:${port}`,
      TOPSPIN_INTERFACE: '127.0.0.1',
      TOPSPIN_PEER_KEY: 'what the peers of this scene share',
      TOPSPIN_PERIOD: `${periodMs}ms`,
      ...environment,
    })
  }

  /** Starts `test/fixtures/<fixture>.js` and waits until it listens. */
  async start(
    name: string,
    more: Record<string, string> = {},
    fixture: string = 'peer-app',
  ): Promise<PeerApp> {
    const environment = { ...this.#environment, NAME: name, TOPSPIN_NAME: name, ...more }
    const args = ['--import', built('src/auto.js'), built(`test/fixtures/${fixture}.js`)]
    const child = startChild(this.#t, args, environment)
    const port = (): string | undefined => /port (\d+)/.exec(child.output())?.[1]
    await until(`${name} listens`, () => port() !== undefined, 20_000, child.output)
    return { ...child, name, port: Number(port()) }
  }
}

/** Waits until `app` has had a request served elsewhere. @param by text that only answers of that peer have. */
export async function untilHandsTo(app: PeerApp, by: string): Promise<void> {
  const served = async (): Promise<boolean> => (await get(app.port)).text.includes(by)
  await until(`${app.name} hands over to ${by}`, served, 20_000, app.output)
}
