// An ACME server: pebble, from the Debian package of this name, with pebble-challtestsrv, which resolves every name to this
// machine.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Authority, type Pair } from './certificates.ts'
import { freePorts } from './free-ports.ts'
import { until } from './until.ts'

const isThere = (name: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0

/** False, or why the tests are skipped. */
export const noPebble: false | string = ['pebble', 'pebble-challtestsrv'].every(isThere)
  ? false
  : 'pebble is not installed: apt-get install pebble'

export interface PebbleOptions {
  /** Life of its certificates, seconds. */
  readonly lifeSeconds?: number
  /** Where it validates TLS-ALPN-01. Default: nowhere. */
  readonly tlsPort?: number
  /** What it answers to questions for renewal information, which this pebble (2.4) lacks. */
  readonly renewalInfo?: (id: string) => object
  /** Share of good requests that get a nonce error, percent. Default 0. */
  readonly nonceRejects?: number
  /** HMAC keys in base64url by their identifiers; then an account needs one. */
  readonly accounts?: Readonly<Record<string, string>>
}

export class Pebble {
  readonly directory: string
  /** File with the authority of its own HTTPS certificate. */
  readonly caFile: string
  readonly #start: () => ChildProcess
  #server: ChildProcess | undefined
  #printed = ''

  private constructor(directory: string, caFile: string, start: () => ChildProcess) {
    this.directory = directory
    this.caFile = caFile
    this.#start = start
  }

  /** Prepared, not started. @param httpPort where it validates HTTP-01. */
  static async prepare(
    t: TestContext,
    httpPort: number,
    options: PebbleOptions = {},
  ): Promise<Pebble> {
    const folder = mkdtempSync(join(tmpdir(), 'topspin-pebble-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const authority = new Authority()
    const pair = authority.issue({ subject: 'pebble', names: ['127.0.0.1', 'localhost'] })
    const [port = 0, management = 0, dns = 0, dnsManagement = 0] = await freePorts(4)
    const file = join(folder, 'pebble.json')
    const { lifeSeconds, nonceRejects = 0, accounts } = options
    const pebble = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: pair.certFile,
      privateKey: pair.keyFile,
      httpPort,
      tlsPort: options.tlsPort ?? 5001,
      ...(lifeSeconds === undefined ? {} : { certificateValidityPeriod: lifeSeconds }),
      ...(accounts === undefined
        ? {}
        : { externalAccountBindingRequired: true, externalAccountMACKeys: accounts }),
    }
    writeFileSync(file, JSON.stringify({ pebble }))
    const names = spawn(
      'pebble-challtestsrv',
      [
        '-dns01',
        `127.0.0.1:${dns}`,
        '-defaultIPv4',
        '127.0.0.1',
        '-defaultIPv6',
        '',
        '-http01',
        '',
        '-https01',
        '',
        '-tlsalpn01',
        '',
        '-management',
        `127.0.0.1:${dnsManagement}`,
      ],
      { stdio: 'ignore' },
    )
    t.after(() => names.kill('SIGKILL'))
    const env = {
      ...process.env,
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_AUTHZREUSE: '0',
      PEBBLE_WFE_NONCEREJECT: String(nonceRejects),
    }
    const words = ['-config', file, '-dnsserver', `127.0.0.1:${dns}`]
    const own = `https://127.0.0.1:${port}/dir`
    const { renewalInfo } = options
    const directory = renewalInfo === undefined ? own : await front(t, own, pair, renewalInfo)
    const made = new Pebble(directory, authority.certFile, () => spawn('pebble', words, { env }))
    t.after(() => made.stop())
    return made
  }

  static async start(
    t: TestContext,
    httpPort: number,
    options: PebbleOptions = {},
  ): Promise<Pebble> {
    const pebble = await Pebble.prepare(t, httpPort, options)
    await pebble.start()
    return pebble
  }

  async start(): Promise<void> {
    const server = this.#start()
    for (const stream of [server.stdout, server.stderr])
      stream?.on('data', (text) => {
        this.#printed += String(text)
      })
    this.#server = server
    await until(
      'pebble answers',
      () => this.#answers(),
      10_000,
      () => this.#printed,
    )
  }

  stop(): void {
    this.#server?.kill('SIGKILL')
  }

  /** Orders that clients have placed. */
  get orders(): number {
    return this.#printed.split('Added order').length - 1
  }

  get printed(): string {
    return this.#printed
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = request(
        this.directory,
        { rejectUnauthorized: false, agent: false },
        (response) => {
          response.resume()
          resolve(response.statusCode === 200)
        },
      )
      asked.on('error', () => resolve(false))
      asked.end()
    })
  }
}

/** A directory that names renewal information beside the addresses of pebble's. @returns its URL. */
async function front(
  t: TestContext,
  directory: string,
  { cert, key }: Pair,
  renewalInfo: (id: string) => object,
): Promise<string> {
  const server = createServer({ cert, key }, async ({ url = '' }, response) => {
    const at = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const id = /^\/renewal\/([\w-]+\.[\w-]+)$/.exec(url)?.[1]
    if (id !== undefined) return void response.end(JSON.stringify(renewalInfo(id)))
    try {
      const pebbles = JSON.parse(await textAt(directory)) as object
      response.end(JSON.stringify({ ...pebbles, renewalInfo: `${at}/renewal` }))
    } catch {
      response.writeHead(503).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/dir`
}

const textAt = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { rejectUnauthorized: false, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
    asked.on('error', reject)
    asked.end()
  })
