// Real Tomcats of a story (test/interop/tomcat), each a JVM that is steered by lines and ended by signals.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePorts } from './free-ports.ts'
import { executionsIn } from './ledger.ts'
import { monotonicMs } from './monotonic.ts'
import { classPath } from './tomcat-build.ts'
import { until } from './until.ts'

/** What the node announces, and is spoken to by. */
export type ConnectorKind = 'http' | 'ajp'

export interface TomcatSettings {
  readonly route: string
  readonly kind: ConnectorKind
  /** Paths of the applications that are there from the start. */
  readonly contexts: readonly string[]
  /** Attributes of the Listener in server.xml. */
  readonly listener: Readonly<Record<string, string>>
  /** Attributes of the Connector in server.xml. */
  readonly connector: Readonly<Record<string, string>>
}

/** One run of a Tomcat: from the start of its JVM to the end. */
export class TomcatRun {
  readonly route: string
  readonly port: number
  readonly process: ChildProcess
  /** When it was told to stop or killed, monotonic ms; Infinity before. */
  leaveAt: number = Number.POSITIVE_INFINITY
  /** How its process ended. */
  ending: number | string | undefined
  #told = ''
  #logged = ''

  constructor(port: number, folder: string, settings: TomcatSettings) {
    this.route = settings.route
    this.port = port
    const args = [
      `port=${port}`,
      `route=${settings.route}`,
      `folder=${folder}`,
      `protocol=${settings.kind === 'ajp' ? 'AJP/1.3' : 'HTTP/1.1'}`,
      `contexts=${settings.contexts.join(',')}`,
      ...attributes('listener', settings.listener),
      // Tomcat's AJP connector does not start without a secret unless it is told to.
      ...attributes('connector', settings.kind === 'ajp' ? { secretRequired: 'false' } : {}),
      ...attributes('connector', settings.connector),
    ]
    const jvm = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classPath]
    const child = spawn('java', [...jvm, 'tomcatnode.Main', ...args])
    this.process = child
    child.stdin.on('error', () => {})
    child.stdout.on('data', (text) => {
      this.#told += text
    })
    child.stderr.on('data', (text) => {
      this.#logged += text
    })
    child.once('exit', (code, signal) => {
      this.ending = code ?? signal ?? ''
    })
  }

  /** Name of this run in its answers. */
  get run(): string {
    return String(this.process.pid)
  }

  get evidence(): object {
    const { route, ending } = this
    return { route, ending, told: this.#told, logged: this.#logged }
  }

  /** It serves; that it is registered is another matter. */
  started(): Promise<void> {
    return this.#until('has started', () => this.#told.includes('started\n'))
  }

  /** `deploy PATH` or `undeploy PATH`; resolves when it is done, after its drain. */
  async order(line: string): Promise<void> {
    const already = this.#timesDone(line)
    this.process.stdin?.write(`${line}\n`)
    await this.#until(`has done: ${line}`, () => this.#timesDone(line) > already)
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.leaveAt = monotonicMs()
    this.process.kill(signal)
    await until(
      `Tomcat ${this.route} has ended`,
      () => this.ending !== undefined,
      30_000,
      () => this.evidence,
    )
  }

  #timesDone(line: string): number {
    return this.#told.split('\n').filter((said) => said === `done ${line}`).length
  }

  async #until(what: string, condition: () => boolean): Promise<void> {
    await until(
      `Tomcat ${this.route} ${what}`,
      () => condition() || this.ending !== undefined,
      30_000,
      () => this.evidence,
    )
    if (!condition()) throw new Error(JSON.stringify(this.evidence))
  }
}

function attributes(of: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `${of}.${name}=${value}`)
}

export class Tomcats {
  /** Every run there was, in the order of their starts. */
  readonly runs: TomcatRun[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'topspin-tomcat-'))

  constructor(t: TestContext) {
    mkdirSync(join(this.#folder, 'ledger'))
    t.after(async () => {
      for (const run of this.runs) await run.end('SIGKILL')
      rmSync(this.#folder, { recursive: true, force: true })
    })
  }

  async start(settings: TomcatSettings): Promise<TomcatRun> {
    const [port = 0] = await freePorts(1)
    const run = new TomcatRun(port, this.#folder, settings)
    this.runs.push(run)
    return run
  }

  /** How often each POST was executed, by its id. */
  executions(): Map<string, number> {
    return executionsIn(join(this.#folder, 'ledger'))
  }
}
