// What /readyz answers: whether the proxy should get new clients, and with `?verbose` why, in words. It needs no secret, so
// it has numbers and no names. Pure.

import type { NodeReport, StateReport, WorkerReport } from './status-report.ts'

interface Facts {
  readonly isDraining: boolean
  /** None where one process does everything. */
  readonly workers: readonly WorkerReport[]
  readonly nodes: readonly Pick<NodeReport, 'removal' | 'health' | 'contexts'>[]
  readonly state: StateReport | undefined
}

interface Readiness {
  readonly isReady: boolean
  /** One word, or why it is not ready. */
  readonly text: string
  /** One line for each check; `[-]` are the reasons, `[!]` what an operator may want to know. */
  readonly lines: readonly string[]
}

export function readinessOf({ isDraining, workers, nodes, state }: Facts): Readiness {
  const running = workers.filter(({ pid }) => pid !== null).length
  const hasTraffic = workers.length === 0 || running > 0
  const present = nodes.filter(({ removal }) => removal === 'none')
  const usable = present.filter(isUsable).length
  const lines = [
    isDraining ? '[-] draining: the proxy has been told to stop' : '[+] accepts clients',
    ...(workers.length === 0
      ? []
      : [`[${hasTraffic ? '+' : '-'}] workers: ${running} of ${workers.length} run`]),
    `[${usable > 0 ? '+' : '!'}] nodes: ${usable} of ${present.length} take requests`,
    ...(state === undefined ? [] : [stateLine(state)]),
  ]
  const isReady = !isDraining && hasTraffic
  const text = isReady ? 'ready' : isDraining ? 'draining' : 'no worker runs'
  return { isReady, text, lines: [...lines, text] }
}

const isUsable = ({ health, contexts }: Facts['nodes'][number]): boolean =>
  health !== 'down' && contexts.some(({ status }) => status === 'ENABLED')

const stateLine = ({ reason }: StateReport): string =>
  reason === null ? '[+] state file: written' : `[!] state file: not written (${reason})`
