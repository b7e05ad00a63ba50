// A running proxy as the commands reach it: its report, and messages to it, with the secret where it asks for
// one. What goes wrong is told on standard error, and the command then ends with `failure` or `usage`.

import { suggest } from '../base/suggest.ts'
import { shownSecret } from '../config/secret.ts'
import { parseSecureEndpoint } from '../config/values.ts'
import type { NodeReport, StatusReport } from '../control/status-report.ts'
import { McmpClient } from '../net/mcmp-client.ts'
import type { AppMessage } from '../wire/mcmp/message.ts'
import { controlTls } from './control-tls.ts'
import { exitCodes } from './exit-codes.ts'
import { fetchPage } from './fetch-page.ts'
import { fetchReport } from './fetch-report.ts'
import type { RemoteOptions } from './program.ts'

/** A command cannot go on: what to say, and the exit code. */
export class CommandFailure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failure) {
    super(message)
    this.exitCode = exitCode
  }
}

export class Remote {
  readonly #control: string
  readonly #secret: string | undefined

  /** @throws CommandFailure when the secret cannot be had. */
  constructor(options: RemoteOptions) {
    this.#control = options.control
    const shown = shownSecret(options.secretFile)
    if (!shown.ok) throw new CommandFailure(shown.problem, exitCodes.usage)
    this.#secret = shown.secret
  }

  /** @throws CommandFailure when no proxy answers. */
  async report(): Promise<{ readonly report: StatusReport; readonly text: string }> {
    const fetched = await fetchReport(this.#control, this.#secret)
    if (!fetched.ok) throw new CommandFailure(fetched.message)
    return fetched
  }

  /** A page of the control listener. @throws CommandFailure when it cannot be had. */
  async page(path: string): Promise<string> {
    const fetched = await fetchPage(this.#control, path, this.#secret)
    if (!fetched.ok) throw new CommandFailure(fetched.message)
    return fetched.text
  }

  /** The registered node with this route, if there is one. */
  async find(route: string): Promise<NodeReport | undefined> {
    return (await this.#registered()).find((node) => node.route === route)
  }

  /** The same. @throws CommandFailure when there is none, with what there is. */
  async node(route: string): Promise<NodeReport> {
    const nodes = await this.#registered()
    const found = nodes.find((node) => node.route === route)
    if (found !== undefined) return found
    const routes = nodes.map((node) => node.route)
    const nearest = suggest(route, routes)
    const known = routes.length === 0 ? 'none is registered' : `there are ${routes.join(', ')}`
    const hint = nearest === undefined ? known : `did you mean ${nearest}?`
    throw new CommandFailure(`no node is called ${route}; ${hint}`)
  }

  async #registered(): Promise<readonly NodeReport[]> {
    const { nodes } = (await this.report()).report
    return nodes.filter((node) => node.removal === 'none')
  }

  /** @throws CommandFailure when the proxy refuses. */
  async tell(message: AppMessage): Promise<void> {
    const address = parseSecureEndpoint(this.#control)
    if (address === undefined) throw new CommandFailure(`${this.#control} is no address`)
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

/** Runs a command to its exit code; what it cannot do is told in a line. */
export async function withRemote(
  options: RemoteOptions,
  command: (remote: Remote) => Promise<void>,
): Promise<number> {
  try {
    await command(new Remote(options))
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    process.stderr.write(`topspin: ${error.message}\n`)
    return error.exitCode
  }
}
