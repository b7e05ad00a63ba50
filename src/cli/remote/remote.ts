// A running proxy as the commands use it: its report, its pages and its API, with the secret where the
// proxy requires one. A command that fails ends with a line on standard error and exit code `failure` or `usage`.

import { strayVariables } from '../../base/environment.ts'
import { suggest } from '../../base/suggest.ts'
import { commandSecret } from '../../config/secret.ts'
import { apiPath } from '../../control/api/api-path.ts'
import type { NodeReport, StatusReport } from '../../control/status-report.ts'
import { CommandFailure, exitCodes } from '../failure.ts'
import { fetchPage, fetchReport, followStream } from './fetch.ts'

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

  /** A resource of the API. @throws CommandFailure when there is no answer, or an error. */
  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.page(apiPath + path)) as T
  }

  /** An operation of the API. @throws CommandFailure when there is no answer, or an error. */
  async post<T>(path: string, body: object = {}, withinMs: number = 10_000): Promise<T> {
    const options = { method: 'POST', body, withinMs } as const
    const fetched = await fetchPage(this.#control, apiPath + path, this.#secret, options)
    if (!fetched.ok) throw new CommandFailure(fetched.message)
    try {
      return JSON.parse(fetched.text) as T
    } catch {
      throw new CommandFailure(
        `${this.#control}${apiPath}${path} did not answer in JSON: not a control listener?`,
      )
    }
  }

  /**
   * Server-sent events of the API, until the signal ends it.
   * @throws CommandFailure when the stream ends otherwise.
   */
  async follow(
    path: string,
    receive: (event: string, data: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const end = await followStream(this.#control, apiPath + path, this.#secret, receive, signal)
    if (!signal.aborted) throw new CommandFailure(end.message)
  }
}

/** Runs a command and returns its exit code. */
export async function withRemote(
  flags: RemoteFlags,
  command: (remote: Remote) => Promise<void>,
): Promise<number> {
  await command(new Remote(flags))
  return exitCodes.ok
}
