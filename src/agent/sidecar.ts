// `topspin agent`: joins the cluster on behalf of a server that knows nothing of it. Starts the command if
// there is one, waits until the target answers, registers it, reports the load of the machine and -1
// when the target does not answer, and on SIGTERM drains before it passes the signal on.

import { systemClock } from '../base/clock.ts'
import { agentLimits } from '../base/limits.ts'
import { silent } from '../base/log.ts'
import { waitUntil } from '../base/wait.ts'
import { Command } from '../host/command.ts'
import { answersHttp } from '../net/answers-http.ts'
import { LoadFactor } from './load-factor.ts'
import { Membership } from './membership.ts'
import { memory } from './metrics/memory.ts'
import { processor } from './metrics/processor.ts'
import { badOptions, type NodeOptions, settingsFrom } from './options.ts'

export interface SidecarOptions extends Omit<NodeOptions, 'host' | 'port' | 'capacity'> {
  /** Where the server answers, `http://host:port` or `https://host:port`; its path is what is probed. */
  readonly target: string
  /** Address to announce. Default: the target's; for a loopback target that is one only a local proxy can use. */
  readonly host?: string
  /** Program and arguments of the server. Default: it runs already. */
  readonly command?: readonly string[]
  /** Milliseconds that the target has to answer for the first time. Default 60 000. */
  readonly startDeadlineMs?: number
  /** Milliseconds between two probes of the target. Default 1000. */
  readonly probeIntervalMs?: number
}

type Ending =
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'never-answered' }

/**
 * Runs until the command ends or SIGTERM or SIGINT comes (a second one cuts the draining short). Returns
 * the exit code: the command's, 128 + signal where it died of one, 1 when the target never answered,
 * else 0. Throws a TopspinError for bad options.
 */
export async function runSidecar(options: SidecarOptions): Promise<number> {
  const target = readTarget(options.target)
  const type = target.protocol === 'https:' ? 'https' : 'http'
  const host = options.host ?? target.hostname.replace(/^\[|\]$/g, '')
  const port = Number(target.port || (type === 'https' ? 443 : 80))
  const { startDeadlineMs = 60_000, probeIntervalMs = 1_000, log = silent } = options
  const metrics = options.metrics ?? [processor({ weight: 2 }), memory()]
  const settings = settingsFrom({ ...options, host }, type, port)
  const { history, decay, initialLoad } = options
  const factor = new LoadFactor({
    metrics,
    log,
    ...(history === undefined ? {} : { history }),
    ...(decay === undefined ? {} : { decay }),
    ...(initialLoad === undefined ? {} : { initialLoad }),
  })

  let healthy = false
  const nothing = { inFlight: 0, completed: 0, bytesIn: 0, bytesOut: 0 }
  const served = {
    // Requests are seen by the proxies only: their STOP-APP answers tell when none is left.
    inFlight: () => 0,
    upgraded: () => 0,
    load: () => {
      const load = factor.next({ ...nothing, nowMs: systemClock.now() })
      return healthy ? load : -1
    },
    stopped: () => {},
  }
  const over = new AbortController()
  let end: (ending: Ending) => void = () => {}
  const ending = new Promise<Ending>((resolve) => {
    end = resolve
  })
  let membership: Membership | undefined
  let signals = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    if (++signals > 1) membership?.hurry()
    end({ kind: 'signal', signal })
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  const command = Command.start(options.command)
  void command?.exited.then((code) => end({ kind: 'exit', code }))
  void ending.then(() => over.abort())

  const watch = async (): Promise<void> => {
    const up = await waitUntil(() => answersHttp(target, agentLimits.probeMs), {
      withinMs: startDeadlineMs,
      everyMs: 100,
      signal: over.signal,
    })
    if (!up) return end({ kind: 'never-answered' })
    healthy = true
    membership = new Membership(settings, served, host, () => {})
    void membership.join()
    await waitUntil(
      async () => {
        const before = healthy
        healthy = await answersHttp(target, agentLimits.probeMs)
        if (before !== healthy) {
          log.warn({ target: options.target, healthy }, 'the target changed')
          membership?.reportNow()
        }
        return false
      },
      {
        withinMs: Number.POSITIVE_INFINITY,
        everyMs: probeIntervalMs,
        signal: over.signal,
      },
    )
  }
  const watching = watch()
  const how = await ending
  await watching
  // A server that is gone has no requests to wait for.
  if (how.kind === 'exit') membership?.hurry()
  await membership?.leave()
  for (const metric of metrics) metric.close?.()
  const code = await endCommand(how, command)
  process.off('SIGTERM', onSignal)
  process.off('SIGINT', onSignal)
  return code
}

/** The command's own code; 1 when the target never answered. */
async function endCommand(how: Ending, command: Command | undefined): Promise<number> {
  if (how.kind === 'exit') return how.code
  const failed = how.kind === 'never-answered'
  if (command === undefined) return failed ? 1 : 0
  const code = await command.end(how.kind === 'signal' ? how.signal : 'SIGTERM')
  return failed ? 1 : code
}

function readTarget(text: string): URL {
  const target = URL.canParse(text) ? new URL(text) : undefined
  if (target?.protocol === 'http:' || target?.protocol === 'https:') return target
  throw badOptions([`target "${text}": http://host:port or https://host:port`])
}
