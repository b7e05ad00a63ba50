// `topspin top`: nodes and traffic live on the terminal. Elsewhere it prints one screen and ends.

import type { NodeView } from '../../control/api/node-view.ts'
import type { ProxyEvent } from '../../control/events/event-ring.ts'
import { CommandFailure } from '../failure.ts'
import { print, printJson } from '../output.ts'
import { StopSignals } from '../stop-signals.ts'
import { type Remote, type RemoteFlags, withRemote } from './remote.ts'
import { defaultSort, nodeLines, sortColumns, type TopView, topScreen } from './top-screen.ts'

interface Live {
  readonly nodes: readonly (Partial<NodeView> & { readonly route: string })[]
  readonly gone: readonly string[]
  readonly traffic: Readonly<Record<string, unknown>>
}

/** Events that are kept for the screen. */
const eventsMax = 20
/** Until the proxy is asked again after the stream was cut, ms. */
const againMs = 1_000

export const top = (flags: RemoteFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    if (flags.json || !process.stdout.isTTY) return once(remote, flags)
    await new Top(remote, flags.control).run()
  })

/** One screen, or the numbers as the API has them. */
async function once(remote: Remote, flags: RemoteFlags): Promise<void> {
  const { nodes } = await remote.get<{ readonly nodes: readonly NodeView[] }>('/nodes')
  const proxy = await remote.get<{ readonly traffic: TopView['traffic'] }>('/proxy')
  if (flags.json) {
    printJson({ nodes, traffic: proxy.traffic })
    return
  }
  const view = {
    control: flags.control,
    now: Date.now(),
    nodes: new Map(nodes.map((node) => [node.route, node])),
    traffic: proxy.traffic,
    events: [],
    sort: defaultSort,
    isReversed: false,
    offset: 0,
    trouble: '',
  }
  const lines = topScreen(view, process.stdout.columns ?? 120, nodes.length + 10).slice(0, -6)
  print(`${lines.join('\n').trimEnd()}\n`)
}

class Top {
  readonly #remote: Remote
  readonly #control: string
  readonly #nodes: Map<string, NodeView> = new Map()
  readonly #events: ProxyEvent[] = []
  readonly #ended: AbortController = new AbortController()
  #traffic: Readonly<Record<string, unknown>> = {}
  #sort = defaultSort
  #isReversed = false
  #offset = 0
  #trouble = ''

  constructor(remote: Remote, control: string) {
    this.#remote = remote
    this.#control = control
  }

  /** @throws CommandFailure when no proxy answers at the start. */
  async run(): Promise<void> {
    const { events } = await this.#remote.get<{ readonly events: readonly ProxyEvent[] }>(
      `/events?limit=${eventsMax}`,
    )
    this.#events.push(...events)
    const signals = new StopSignals()
    void signals.first.then(() => this.#ended.abort())
    const { stdin, stdout } = process
    const onKeys = (keys: Buffer): void => {
      for (const key of keysIn(keys.toString('latin1'))) this.#onKey(key)
      this.#paint()
    }
    const paint = (): void => this.#paint()
    const clock = setInterval(paint, 1_000)
    stdout.write('\x1b[?1049h\x1b[?25l')
    stdout.on('resize', paint)
    if (stdin.isTTY) stdin.setRawMode(true)
    stdin.on('data', onKeys)
    try {
      await this.#follow()
    } finally {
      clearInterval(clock)
      stdout.off('resize', paint)
      stdin.off('data', onKeys)
      if (stdin.isTTY) stdin.setRawMode(false)
      stdin.pause()
      stdout.write('\x1b[?25h\x1b[?1049l')
      signals.off()
    }
  }

  /** A proxy that restarts is found again. */
  async #follow(): Promise<void> {
    const { signal } = this.#ended
    while (!signal.aborted) {
      try {
        await this.#remote.follow(
          '/events/stream',
          (name, data) => this.#receive(name, data),
          signal,
        )
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error
        this.#trouble = error.message
        this.#paint()
        await paused(againMs, signal)
      }
    }
  }

  #receive(name: string, data: string): void {
    this.#trouble = ''
    if (name === 'event') {
      this.#events.push(JSON.parse(data) as ProxyEvent)
      if (this.#events.length > eventsMax) this.#events.shift()
    }
    if (name === 'live') this.#apply(JSON.parse(data) as Live)
    this.#paint()
  }

  /** Numbers that have changed. */
  #apply({ nodes, gone, traffic }: Live): void {
    this.#traffic = { ...this.#traffic, ...traffic }
    for (const route of gone) this.#nodes.delete(route)
    for (const fields of nodes) {
      const before = this.#nodes.get(fields.route)
      this.#nodes.set(fields.route, { ...before, ...fields } as NodeView)
    }
  }

  #onKey(key: string): void {
    const page = nodeLines(process.stdout.rows)
    const last = Math.max(0, this.#nodes.size - page)
    const scroll = (by: number): void => {
      this.#offset = Math.min(last, Math.max(0, this.#offset + by))
    }
    const sortBy = (by: number): void => {
      this.#sort = (this.#sort + by + sortColumns.length) % sortColumns.length
    }
    switch (key) {
      case 'q':
      case '\x03':
        return this.#ended.abort()
      case 'r':
        this.#isReversed = !this.#isReversed
        break
      case '\x1b[C':
      case '>':
        sortBy(1)
        break
      case '\x1b[D':
      case '<':
        sortBy(-1)
        break
      case '\x1b[A':
      case 'k':
        scroll(-1)
        break
      case '\x1b[B':
      case 'j':
        scroll(1)
        break
      case '\x1b[5~':
        scroll(-page)
        break
      case '\x1b[6~':
      case ' ':
        scroll(page)
        break
    }
  }

  #paint(): void {
    const { stdout } = process
    const { columns, rows } = stdout
    this.#offset = Math.min(this.#offset, Math.max(0, this.#nodes.size - nodeLines(rows)))
    const view = {
      control: this.#control,
      now: Date.now(),
      nodes: this.#nodes,
      traffic: this.#traffic,
      events: this.#events,
      sort: this.#sort,
      isReversed: this.#isReversed,
      offset: this.#offset,
      trouble: this.#trouble,
    }
    const lines = topScreen(view, columns, rows).map((line) => `${line}\x1b[K`)
    stdout.write(`\x1b[H${lines.join('\r\n')}\x1b[J`)
  }
}

/** Several keys may arrive at once; cursor keys come in two forms. */
const keysIn = (text: string): readonly string[] =>
  (text.match(cursorKeyOrCharacter) ?? []).map((key) => key.replace('\x1bO', '\x1b['))

const cursorKeyOrCharacter = /\x1b[[O][0-9;]{0,8}[A-Za-z~]|./gs

function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
