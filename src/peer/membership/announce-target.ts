// Announces a server that knows nothing of peers and cannot hand requests over itself (mod_backhand's ntbhb):
// it is asked again and again whether it is there, and announced as long as it answers. Called by
// `topspin announce`, on the machine of that server, whose resources are told.

import { TopspinError } from '../../base/errors.ts'
import { peerLimits } from '../../base/limits.ts'
import { pause } from '../../base/wait.ts'
import { answersHttp } from '../../net/answers-http.ts'
import { PeerMembership } from './membership.ts'
import type { PeerOptions } from './options.ts'

export interface AnnounceOptions extends Omit<PeerOptions, 'address'> {
  /** The server, `http://host:port` or `https://host:port`; its path is what is asked for. */
  readonly target: string
  /** Where others reach it. Default: `target`. */
  readonly address?: string
  /** Ends it, with a goodbye. */
  readonly signal: AbortSignal
}

/** Resolves at the end, when the goodbye is out. Throws a TopspinError for bad options. */
export async function announceTarget(options: AnnounceOptions): Promise<void> {
  const { target: text, signal, ...rest } = options
  const target = readTarget(text)
  const membership = new PeerMembership({
    ...rest,
    address: options.address ?? placeOf(target),
  })
  const { log, periodMs } = membership.settings
  let answered: boolean | undefined
  while (!signal.aborted) {
    const answers = (await answersHttp(target, peerLimits.targetAnswerMs)) ?? answered ?? false
    if (signal.aborted) break
    if (answers) membership.announce()
    else membership.leave()
    if (answers !== answered) {
      if (answers) log.info({ target: text }, 'the target answers and is announced')
      else log.warn({ target: text }, 'the target does not answer and is not announced')
    }
    answered = answers
    await pause(periodMs, signal)
  }
  await membership.close()
}

function readTarget(text: string): URL {
  const target = URL.canParse(text) ? new URL(text) : undefined
  if (target?.protocol === 'http:' || target?.protocol === 'https:') return target
  const problem = `target "${text}": http://host:port or https://host:port`
  throw new TopspinError('BAD_OPTION', problem, { side: 'proxy', phase: 'control' })
}

/** With the port in any case: URLs leave out the usual ones. */
function placeOf({ protocol, hostname, port }: URL): string {
  return `${protocol}//${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}
