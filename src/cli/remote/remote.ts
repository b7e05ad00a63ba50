// A running proxy as the commands use it: its report and its pages, and messages to it, with the secret where the
// proxy requires one. A command that fails ends with a line on standard error and exit code `failure` or `usage`.

import { strayVariables } from '../../base/environment.ts'
import { parseSocketAddress } from '../../base/host-port.ts'
import { suggest } from '../../base/suggest.ts'
import { commandSecret } from '../../config/secret.ts'
import type { NodeReport, StatusReport } from '../../control/status-report.ts'
import { McmpClient } from '../../net/mcmp-client.ts'
import type { AppMessage } from '../../wire/mcmp/message.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { controlTls, fetchPage, fetchReport } from './fetch.ts'

/** The flags of every command for a running proxy. */
export interface RemoteFlags {
  readonly control: string
  readonly secretFile?: string
  readonly json?: boolean
}

export class Remote {
  readonly #control: string
  readonly #secret: string | undefined

  /** @throws CommandFailure when a variable is misspelt, or the secret cannot be read. */
  constructor(flags: RemoteFlags) {
    const stray = strayVariables(process.env)
    if (stray.length > 0) throw new CommandFailure(stray.join('; '), exitCodes.usage)
    this.#control = flags.control
    const secret = commandSecret(flags.secretFile)
    if (!secret.ok) throw new CommandFailure(secret.problem, exitCodes.usage)
    this.#secret = secret.secret
  }

  /** @throws CommandFailure when no proxy answers. */
  async report(): Promise<{ readonly report: StatusReport; readonly text: string }> {
    const fetched = await fetchReport(this.#control, this.#secret)
    if (!fetched.ok) throw new CommandFailure(fetched.message)
    return fetched
  }

  /** A page of the control listener. @throws CommandFailure when there is no answer, or an error. */
  async page(path: string): Promise<string> {
    const fetched = await fetchPage(this.#control, path, this.#secret)
    if (!fetched.ok) throw new CommandFailure(fetched.message)
    return fetched.text
  }

  /**
   * An operation by POST. @param withinMs deadline of the answer.
   * @throws CommandFailure when there is no answer, or an error.
   */
  async operate<T>(
    path: string,
    withinMs: number,
  ): Promise<{ readonly outcome: T; readonly text: string }> {
    const options = { method: 'POST', withinMs } as const
    const fetched = await fetchPage(this.#control, path, this.#secret, options)
    if (!fetched.ok) throw new CommandFailure(fetched.message)
    try {
      return { outcome: JSON.parse(fetched.text) as T, text: fetched.text }
    } catch {
      throw new CommandFailure(
        `${this.#control}${path} did not answer in JSON: not a control listener?`,
      )
    }
  }

  /** The registered node with this route, if there is one. */
  async find(route: string): Promise<NodeReport | undefined> {
    return (await this.#registered()).find((node) => node.route === route)
  }

  /** The same. @throws CommandFailure that lists the registered nodes when there is none. */
  async node(route: string): Promise<NodeReport> {
    const nodes = await this.#registered()
    const found = nodes.find((node) => node.route === route)
    if (found !== undefined) return found
    const routes = nodes.map((node) => node.route)
    const nearest = suggest(route, routes)
    const known = routes.length === 0 ? 'no node is registered' : `nodes: ${routes.join(', ')}`
    const hint = nearest === undefined ? known : `did you mean ${nearest}?`
    throw new CommandFailure(`no node has the name ${route}; ${hint}`)
  }

  async #registered(): Promise<readonly NodeReport[]> {
    const { nodes } = (await this.report()).report
    return nodes.filter((node) => node.removal === 'none')
  }

  /** @throws CommandFailure when the proxy refuses the message. */
  async send(message: AppMessage): Promise<void> {
    const address = parseSocketAddress(this.#control)
    if (address === undefined) throw new CommandFailure(`${this.#control} is not an address`)
    const { host, port } = address
    const tls = address.tls === true ? { tls: controlTls() } : {}
    const client = new McmpClient({ host, port, ...tls }, this.#secret)
    try {
      const result = await client.send(message)
      if (!result.ok) throw new CommandFailure(result.error.message)
    } finally {
      client.close()
    }
  }
}

/** Runs a command and returns its exit code; writes the message of a CommandFailure to standard error. */
export async function withRemote(
  flags: RemoteFlags,
  command: (remote: Remote) => Promise<void>,
): Promise<number> {
  try {
    await command(new Remote(flags))
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    process.stderr.write(`topspin: ${error.message}\n`)
    return error.exitCode
  }
}
