// The proxy of a story as clients and administrators see it. The base of the stages of Tomcats and WildFlys.

import type { NodeReport, StatusReport } from '../../src/control/status-report.ts'
import { type Answer, get } from '../support/node-server.ts'

export class ProxiedStage {
  readonly traffic: number
  protected readonly control: number

  protected constructor(traffic: number, control: number) {
    this.traffic = traffic
    this.control = control
  }

  /** The node in the proxy's status. */
  async report(route: string): Promise<NodeReport | undefined> {
    const { text } = await get(this.control, '/api/status', { connection: 'close' })
    const { nodes } = JSON.parse(text) as StatusReport
    return nodes.find((node) => node.route === route && node.removal === 'none')
  }

  /** Sends a request through the proxy, on a new connection. */
  ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return get(this.traffic, path, { connection: 'close', ...headers })
  }
}
