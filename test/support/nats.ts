// Real NATS servers of a test: one, or three that form a cluster, each with its own folder for JetStream.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { until } from './until.ts'

interface NatsServer {
  readonly url: string
  readonly name: string
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Starts it again with the same folder, after it was killed. */
  restart(): void
  readonly log: () => string
}

export interface NatsServers {
  readonly servers: readonly NatsServer[]
  readonly urls: readonly string[]
  /** The server that leads a bucket's stream; `undefined`: none now. */
  leaderOf(bucket: string): Promise<NatsServer | undefined>
  /** How many entries were ever written to a bucket. */
  written(bucket: string): Promise<number>
  close(): Promise<void>
}

/** Why there are no NATS servers on this machine; `false`: there are. */
export const noNats: string | false = (() => {
  try {
    execFileSync('nats-server', ['--version'])
    return false
  } catch {
    return 'nats-server is not installed (Debian: nats-server)'
  }
})()

/** Where a server runs that has a network namespace of its own. */
interface Machine {
  /** A command in front of the program. */
  readonly under: readonly string[]
  /** For servers and clients. */
  readonly host: string
  /** For the test. */
  readonly monitor: string
}

interface NatsMore {
  /** In place of this one, for each server. */
  readonly machines?: readonly Machine[]
  /** In place of a folder of its own, for each server. */
  readonly folders?: readonly string[]
  /** Further lines of the configuration. */
  readonly lines?: string
}

/** @param count 1, or 3 for a cluster. */
export async function startNats(count: 1 | 3, more: NatsMore = {}): Promise<NatsServers> {
  const home = mkdtempSync(join(tmpdir(), 'topspin-nats-'))
  const ports = await freePorts(3 * count)
  const here: Machine = { under: [], host: '127.0.0.1', monitor: '127.0.0.1' }
  const machines = more.machines ?? Array.from({ length: count }, () => here)
  const routes = machines.map(({ host }, at) => `nats://${host}:${ports[count + at]}`)
  const servers = machines.map(({ under, host, monitor }, at) => {
    const folder = more.folders?.[at] ?? join(home, `server-${at}`)
    const file = join(home, `server-${at}.conf`)
    const [port, own] = [ports[at], ports[count + at]]
    const watched = `${monitor}:${ports[2 * count + at]}`
    const cluster =
      count === 1
        ? ''
        : `cluster { name: topspin-test, listen: "${host}:${own}", routes: [${routes.map((each) => `"${each}"`).join(', ')}] }`
    const text = `server_name: nats-${at}
listen: "${host}:${port}"
http: "${watched}"
jetstream { store_dir: "${folder}" }
${cluster}
${more.lines ?? ''}
`
    writeFileSync(file, text)
    return new Server(`nats-${at}`, `nats://${host}:${port}`, watched, [
      ...under,
      'nats-server',
      '-c',
      file,
    ])
  })
  const close = async (): Promise<void> => {
    for (const server of servers) server.end()
    await Promise.all(servers.map((server) => server.ended))
    rmSync(home, { recursive: true, force: true })
  }
  try {
    for (const server of servers)
      await until(`${server.name} answers`, () => server.isReady(), 20_000, server.log)
    await until('the servers have a leader', () => hasLeader(servers), 20_000)
  } catch (error) {
    await close()
    throw error
  }
  return {
    servers,
    urls: servers.map(({ url }) => url),
    async leaderOf(bucket) {
      for (const server of servers) {
        const stream = await server.stream(`KV_${bucket}`)
        const found = servers.find(({ name }) => name === stream?.cluster?.leader)
        if (found !== undefined) return found
      }
      return undefined
    },
    async written(bucket) {
      const streams = await Promise.all(servers.map((server) => server.stream(`KV_${bucket}`)))
      return Math.max(...streams.map((stream) => stream?.state.last_seq ?? 0))
    },
    close,
  }
}

/** JetStream's own: it makes streams. */
async function hasLeader(servers: readonly Server[]): Promise<boolean> {
  if (servers.length === 1) return true
  const leaders = await Promise.all(servers.map((server) => server.metaLeader()))
  return leaders.every((leader) => leader !== undefined && leader !== '')
}

interface Stream {
  readonly name: string
  readonly cluster?: { readonly leader?: string }
  readonly state: { readonly last_seq: number }
}

class Server implements NatsServer {
  readonly name: string
  readonly url: string
  readonly #monitor: string
  readonly #command: readonly string[]
  #child: ChildProcess
  #text = ''
  #isEnding = false

  constructor(name: string, url: string, monitor: string, command: readonly string[]) {
    this.name = name
    this.url = url
    this.#monitor = monitor
    this.#command = command
    this.#child = this.#spawn()
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  restart(): void {
    this.#child = this.#spawn()
  }

  readonly log = (): string => this.#text.slice(-4_000)

  end(): void {
    this.#isEnding = true
    this.#child.kill('SIGCONT')
    this.#child.kill('SIGKILL')
  }

  get ended(): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => child.once('close', () => resolve()))
  }

  async isReady(): Promise<boolean> {
    return (await this.#get('/healthz?js-enabled-only=true')) !== undefined
  }

  async metaLeader(): Promise<string | undefined> {
    const { meta_cluster: meta } = ((await this.#get('/jsz')) ?? {}) as {
      meta_cluster?: { leader?: string }
    }
    return meta?.leader
  }

  /** A stream as this server sees it. */
  async stream(name: string): Promise<Stream | undefined> {
    const found = (await this.#get('/jsz?accounts=true&streams=true')) as
      | { account_details?: { stream_detail?: Stream[] }[] }
      | undefined
    const streams = (found?.account_details ?? []).flatMap((each) => each.stream_detail ?? [])
    return streams.find((stream) => stream.name === name)
  }

  async #get(path: string): Promise<unknown> {
    try {
      const signal = AbortSignal.timeout(1_000)
      const response = await fetch(`http://${this.#monitor}${path}`, { signal })
      return response.ok ? await response.json() : undefined
    } catch {
      return undefined
    }
  }

  #spawn(): ChildProcess {
    const [command = '', ...args] = this.#command
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text
    })
    child.once('error', (error) => {
      if (!this.#isEnding) throw error
    })
    return child
  }
}
