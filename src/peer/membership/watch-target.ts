// A server that does not run Topspin and is announced by this process (mod_backhand's ntbhb): checked once in a period, and
// announced as long as it is healthy. Used by `topspin announce` and `topspin peer`.

import { TopspinError } from '../../base/errors.ts'
import { pause } from '../../base/wait.ts'
import { TargetCheck } from '../../net/target-check.ts'
import type { PeerMembership } from './membership.ts'

/**
 * @param probed called after each probe.
 * @param signal ends the watch.
 */
export async function watchTarget(
  target: URL,
  membership: PeerMembership,
  signal: AbortSignal,
  probed: (answers: boolean) => void = () => {},
): Promise<void> {
  const { log, periodMs } = membership.settings
  const check = new TargetCheck(target)
  let answered: boolean | undefined
  while (!signal.aborted) {
    const answers = await check.check()
    if (signal.aborted) break
    probed(answers)
    if (answers) membership.announce()
    else membership.leave()
    if (answers !== answered) {
      if (answers) log.info({ target: target.href }, 'target answers and is announced')
      else log.warn({ target: target.href }, 'target does not answer and is not announced')
    }
    answered = answers
    await pause(periodMs, signal)
  }
  check.close()
}

/** @throws TopspinError BAD_OPTION for anything but a URL of one of these schemes. */
export function readTarget(text: string, schemes: readonly ('http' | 'https')[]): URL {
  const target = URL.canParse(text) ? new URL(text) : undefined
  if (target !== undefined && schemes.some((scheme) => target.protocol === `${scheme}:`)) {
    return target
  }
  const forms = schemes.map((scheme) => `${scheme}://host:port`).join(' or ')
  const detail = { side: 'proxy', phase: 'control' } as const
  throw new TopspinError('BAD_OPTION', `target "${text}": ${forms}`, detail)
}

/** The port of a URL, which leaves out the usual ones. */
export const portOf = ({ protocol, port }: URL): number =>
  Number(port || (protocol === 'https:' ? 443 : 80))
