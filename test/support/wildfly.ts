// Real WildFlys of test/interop, each a JVM with a folder of its own, steered over its management interface.

import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePorts } from './free-ports.ts'
import { monotonicMs } from './monotonic.ts'
import { until } from './until.ts'
import { home, modules, war } from './wildfly-install.ts'

/** As bin/standalone.sh opens them. */
const opened = [
  'lang',
  'lang.invoke',
  'lang.reflect',
  'io',
  'net',
  'security',
  'util',
  'util.concurrent',
]
const opens = opened.map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`)
const startMs = 120_000
const endMs = 90_000

export interface WildFlySettings {
  readonly route: string
  /** The listener that it announces. */
  readonly kind: 'ajp' | 'http'
  /** Ports of the two proxies in its list. */
  readonly proxies: readonly [number, number]
  /** For how long it waits for sessions and requests of an application, seconds. */
  readonly drain: number
}

export class WildFly {
  readonly route: string
  readonly process: ChildProcess
  /** When it was told to stop or killed, monotonic ms; Infinity before. */
  leaveAt: number = Number.POSITIVE_INFINITY
  ending: number | string | undefined
  readonly #management: number
  #logged = ''

  private constructor(route: string, child: ChildProcess, management: number) {
    this.route = route
    this.process = child
    this.#management = management
    child.stdout?.on('data', (text) => {
      this.#logged = (this.#logged + text).slice(-20_000)
    })
    child.once('exit', (code, signal) => {
      this.ending = code ?? signal ?? ''
    })
  }

  /** Starts one with the application /shop. It serves then, but may not be registered. */
  static async start(t: TestContext, settings: WildFlySettings): Promise<WildFly> {
    const { route, kind, proxies, drain } = settings
    const base = mkdtempSync(join(tmpdir(), 'topspin-wildfly-'))
    cpSync(join(home, 'standalone'), base, { recursive: true })
    cpSync(war, join(base, 'deployments', 'shop.war'))
    const [http = 0, https = 0, ajp = 0, management = 0] = await freePorts(4)
    const properties = {
      'jboss.home.dir': home,
      'jboss.server.base.dir': base,
      'jboss.node.name': route,
      'jboss.http.port': http,
      'jboss.https.port': https,
      'jboss.ajp.port': ajp,
      'jboss.management.http.port': management,
      'java.net.preferIPv4Stack': true,
      'topspin.route': route,
      'topspin.first': proxies[0],
      'topspin.second': proxies[1],
      'topspin.drain': drain,
      'topspin.group': Math.max(...proxies),
    }
    const jvm = [...opens, '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const defined = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`)
    const options = ['org.jboss.as.standalone', `--server-config=${kind}.xml`, '-b=127.0.0.1']
    const child = spawn('java', [...jvm, ...defined, ...modules, ...options])
    const node = new WildFly(route, child, management)
    t.after(async () => {
      await node.end('SIGKILL')
      rmSync(base, { recursive: true, force: true })
    })
    await node.#until('has started', startMs, () => /WFLYSRV002[56]/.test(node.#logged))
    return node
  }

  /** Name of this run in its answers. */
  get run(): string {
    return String(this.process.pid)
  }

  /** An operation of the server, or of a child resource: `['subsystem', 'modcluster'], ['proxy', 'default']`. */
  async operate(
    operation: string,
    parameters: Readonly<Record<string, unknown>> = {},
    ...address: readonly (readonly [type: string, name: string])[]
  ): Promise<void> {
    const steps = address.map(([type, name]) => ({ [type]: name }))
    const body = JSON.stringify({ operation, address: steps, ...parameters })
    const answer = await post(this.#management, body)
    if (!answer.startsWith('{"outcome" : "success"')) throw new Error(`${operation}: ${answer}`)
  }

  /** Reads a state of the server until it has this value. */
  async reached(attribute: string, value: string): Promise<void> {
    const body = JSON.stringify({ operation: 'read-attribute', address: [], name: attribute })
    await this.#until(`has ${attribute} ${value}`, startMs, async () =>
      (await post(this.#management, body).catch(() => '')).includes(`"${value}"`),
    )
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.leaveAt = Math.min(this.leaveAt, monotonicMs())
    this.process.kill(signal)
    await until(`WildFly ${this.route} has ended`, () => this.ending !== undefined, endMs)
  }

  async #until(
    what: string,
    deadlineMs: number,
    condition: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const evidence = (): object => ({ ending: this.ending, logged: this.#logged })
    const isOver = async (): Promise<boolean> => this.ending !== undefined || (await condition())
    await until(`WildFly ${this.route} ${what}`, isOver, deadlineMs, evidence)
    if (this.ending !== undefined) throw new Error(JSON.stringify(evidence()))
  }
}

function post(port: number, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const options = { host: '127.0.0.1', port, path: '/management', method: 'POST', headers }
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, agent: false }, (response) => {
      response.setEncoding('utf8')
      response.toArray().then((parts) => resolve(parts.join('')), reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
