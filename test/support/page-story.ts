// The story of a page: its marked blocks, in a folder of their own, with `topspin` and the package as after an installation.
// Ports of the page are replaced by free ones, and its addresses by loopback.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePorts } from './free-ports.ts'
import { repository } from './packed-package.ts'
import { makeCertificates, startEcho } from './page-nodes.ts'
import { placeOf, type Snippet } from './snippets.ts'
import { program } from './topspin.ts'
import { until } from './until.ts'

/** Ports that pages show. */
const shownPorts = [
  '80',
  '443',
  '8000',
  '8081',
  '6666',
  '6680',
  '3000',
  '3001',
  '3002',
  '3003',
] as const
type ShownPort = (typeof shownPorts)[number]

/** @returns how many blocks ran. */
export async function runStory(t: TestContext, snippets: readonly Snippet[]): Promise<number> {
  const story = new Story(await portsOf())
  t.after(() => story.end())
  let ran = 0
  for (const snippet of snippets) {
    const { marks } = snippet
    const kinds = ['file', 'starts', 'runs', 'serves', 'joins', 'asks'] as const
    const [file, starts, runs, serves, joins, asks] = kinds.map((kind) => marks.get(kind))
    if (file !== undefined) story.write(file, snippet.text)
    if (serves !== undefined) await story.serve(snippet, serves.split(' '))
    if (joins !== undefined) await story.join(snippet, joins)
    for (const line of asks?.split('\n') ?? []) await story.ask(snippet, line)
    if (joins !== undefined) await story.leave()
    if (starts !== undefined) await story.start(snippet, starts)
    else if (runs !== undefined) await story.run(snippet, runs)
    ran++
  }
  return ran
}

async function portsOf(): Promise<ReadonlyMap<string, string>> {
  const free = await freePorts(shownPorts.length)
  return new Map(shownPorts.map((port, index) => [port, `${free[index]}`]))
}

class Story {
  readonly #ports: ReadonlyMap<string, string>
  readonly #folder = mkdtempSync(join(tmpdir(), 'topspin-page-'))
  readonly #children: ChildProcess[] = []
  readonly #nodes: Map<string, Server> = new Map()
  #proxy: ChildProcess | undefined
  #program: ChildProcess | undefined
  readonly #path: string

  constructor(ports: ReadonlyMap<string, string>) {
    this.#ports = ports
    const modules = join(this.#folder, 'node_modules')
    const commands = join(modules, '.bin')
    mkdirSync(commands, { recursive: true })
    symlinkSync(repository, join(modules, 'topspin'))
    for (const name of ['express', 'fastify'])
      symlinkSync(join(repository, 'node_modules', name), join(modules, name))
    const command = join(commands, 'topspin')
    writeFileSync(command, this.#commandFile())
    chmodSync(command, 0o755)
    const own = dirname(process.execPath)
    this.#path = [commands, own, process.env['PATH'] ?? ''].join(delimiter)
    writeFileSync(join(this.#folder, 'package.json'), '{ "type": "module" }\n')
  }

  write(name: string, text: string): void {
    const file = join(this.#folder, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, this.#replaced(text))
  }

  async start(snippet: Snippet, expected: string): Promise<void> {
    await this.#started(snippet, snippet.text, expected)
  }

  async #started(snippet: Snippet, text: string, expected: string): Promise<ChildProcess> {
    const { output, child } = this.#spawn(text)
    const wanted = this.#replaced(expected)
    const isReady = (): boolean => {
      if (child.exitCode !== null) throw new Error(`${placeOf(snippet)} has ended: ${output()}`)
      return output().includes(wanted)
    }
    await until(`${placeOf(snippet)} prints ${wanted}`, isReady, 60_000, output)
    return child
  }

  /** Again and again until it prints what is expected: servers of the story may still be registering. */
  async run(snippet: Snippet, expected: string): Promise<void> {
    const wanted = this.#replaced(expected)
    let last = ''
    const succeeds = async (): Promise<boolean> => {
      const { child, output } = this.#spawn(snippet.text)
      const code = await new Promise((resolve) => child.once('close', resolve))
      last = `exit code ${code}: ${output()}`
      return code === 0 && output().includes(wanted)
    }
    await until(`${placeOf(snippet)} prints ${wanted}`, succeeds, 60_000, () => last)
  }

  /** The proxy of the story, with this configuration; `--to` in place of a missing `to`. */
  async serve(snippet: Snippet, nodes: readonly string[]): Promise<void> {
    await stop(this.#proxy)
    for (const name of nodes.filter((node) => !this.#nodes.has(node)))
      this.#nodes.set(name, await startEcho(this.#ports.get(name) ?? ''))
    const text = this.#replaced(snippet.text)
    makeCertificates(text, (file) => join(this.#folder, file))
    writeFileSync(join(this.#folder, 'topspin.yaml'), text)
    const at = (port: ShownPort): string => `127.0.0.1:${this.#ports.get(port)}`
    const to = nodes.map((node) => at(node as ShownPort)).join(',')
    const flags = [
      /^listen:/m.test(text) ? '' : `--listen ${at('8000')}`,
      /^control:/m.test(text) ? '' : `--control ${at('6666')}`,
      /^to:/m.test(text) ? '' : `--to ${to}`,
    ]
    const command = `exec "${process.execPath}" "${program}" serve --config topspin.yaml --workers 0 ${flags.join(' ')}`
    this.#proxy = await this.#started(snippet, command, 'listening')
  }

  /** Below a proxy with its defaults, where the story has none yet. */
  async join(snippet: Snippet, file: string): Promise<void> {
    this.#proxy ??= await this.#started(snippet, 'topspin serve --workers 0', 'listening')
    this.write(file, snippet.text)
    const command = `TOPSPIN_PROXIES=127.0.0.1:6666 exec node ${file}`
    this.#program = await this.#started(snippet, command, 'node joined')
  }

  async leave(): Promise<void> {
    await stop(this.#program)
  }

  /** @param line arguments of curl, `=>`, and the texts that it prints. */
  async ask(snippet: Snippet, line: string): Promise<void> {
    const [request = '', response = ''] = line.split(' => ')
    const texts = response.split(' & ').map((text) => this.#replaced(text))
    let last = ''
    const isAnswered = async (): Promise<boolean> => {
      const { child, output } = this.#spawn(`curl -sik --max-time 10 ${request}`)
      await new Promise((resolve) => child.once('close', resolve))
      last = output()
      return texts.every((text) =>
        text.startsWith('!') ? !last.includes(text.slice(1)) : last.includes(text),
      )
    }
    const what = `${placeOf(snippet)}: ${request} prints ${response}`
    await until(what, isAnswered, 60_000, () => last.slice(0, 2_000))
  }

  async end(): Promise<void> {
    for (const server of this.#nodes.values()) server.close().closeAllConnections()
    await Promise.all(this.#children.map(stop))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #spawn(text: string): { child: ChildProcess; output: () => string } {
    const child = spawn('bash', ['-e', '-c', this.#replaced(text)], {
      cwd: this.#folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: this.#path },
    })
    this.#children.push(child)
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => {
        printed += part
      })
    return { child, output: () => printed }
  }

  /** `topspin` with free ports in place of its defaults. */
  #commandFile(): string {
    const at = (port: ShownPort): string => `127.0.0.1:${this.#ports.get(port)}`
    const run = `"${process.execPath}" "${program}"`
    return `#!/bin/sh
command="$1"
[ $# -eq 0 ] || shift
case "$command" in
  serve) exec ${run} serve --listen ${at('8000')} --control ${at('6666')} "$@" ;;
  agent) TOPSPIN_PROXIES=${at('6666')} exec ${run} agent "$@" ;;
  check | completion | help | init) exec ${run} "$command" "$@" ;;
  *) exec ${run} "$command" --control ${at('6666')} "$@" ;;
esac
`
  }

  #replaced(text: string): string {
    return text
      .replace(/\b(?:0\.0\.0\.0|10\.0\.0\.\d+)(?=:\d)/g, '127.0.0.1')
      .replace(/(?<=127\.0\.0\.1:)(?:80|443)\b/g, (digits) => this.#ports.get(digits) ?? digits)
      .replace(/\b\d{4}\b/g, (digits) => this.#ports.get(digits) ?? digits)
      .replaceAll('/etc/topspin/', '')
  }
}

/** By SIGTERM, so that a sidecar ends its own program, too; by SIGKILL at a deadline. */
async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const group = -child.pid
  const ended = new Promise((resolve) => child.once('exit', resolve))
  process.kill(group, 'SIGTERM')
  const deadline = setTimeout(() => process.kill(group, 'SIGKILL'), 30_000)
  await ended
  clearTimeout(deadline)
}
