// The story of a page: its marked blocks, in a folder of their own, with `topspin` and the package as after an installation.
// Ports of the page are replaced by free ones.

import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePorts } from './free-ports.ts'
import { repository } from './packed-package.ts'
import { placeOf, type Snippet } from './snippets.ts'
import { program } from './topspin.ts'
import { until } from './until.ts'

/** Ports that pages show. */
const shownPorts = ['8000', '6666', '6680', '3000', '3001', '3002', '3003'] as const
type ShownPort = (typeof shownPorts)[number]

/** @returns how many blocks ran. */
export async function runStory(t: TestContext, snippets: readonly Snippet[]): Promise<number> {
  const story = new Story(await portsOf())
  t.after(() => story.end())
  let ran = 0
  for (const snippet of snippets) {
    const { marks } = snippet
    const [file, starts, runs] = (['file', 'starts', 'runs'] as const).map((mark) =>
      marks.get(mark),
    )
    if (file !== undefined) story.write(file, snippet.text)
    else if (starts !== undefined) await story.start(snippet, starts)
    else if (runs !== undefined) await story.run(snippet, runs)
    else continue
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
    const { output, child } = this.#spawn(snippet.text)
    const wanted = this.#replaced(expected)
    const isReady = (): boolean => {
      if (child.exitCode !== null) throw new Error(`${placeOf(snippet)} has ended: ${output()}`)
      return output().includes(wanted)
    }
    await until(`${placeOf(snippet)} prints ${wanted}`, isReady, 60_000, output)
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

  async end(): Promise<void> {
    const living = this.#children.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    )
    const ended = living.map((child) => new Promise((resolve) => child.once('close', resolve)))
    for (const { pid } of living) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    await Promise.all(ended)
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
    return text.replace(/\b\d{4}\b/g, (digits) => this.#ports.get(digits) ?? digits)
  }
}
