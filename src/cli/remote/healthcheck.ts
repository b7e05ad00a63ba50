// `topspin healthcheck`: exit code 0 when a proxy is ready, 1 when it is not. For containers, in which there is no curl.

import { exitCodes } from '../failure.ts'
import { printJson } from '../output.ts'
import { fetchPage } from './fetch.ts'
import type { RemoteFlags } from './remote.ts'

export interface HealthcheckFlags extends RemoteFlags {
  /** Whether it lives, and not whether it is ready. */
  readonly live?: boolean
  readonly within: number
}

/** The probes need no secret. */
export async function healthcheck(flags: HealthcheckFlags): Promise<number> {
  const path = flags.live === true ? '/livez' : '/readyz?verbose'
  const fetched = await fetchPage(flags.control, path, undefined, { withinMs: flags.within })
  const text = fetched.ok ? fetched.text.trimEnd() : fetched.message
  if (flags.json) printJson({ ok: fetched.ok, detail: text })
  else (fetched.ok ? process.stdout : process.stderr).write(`${text}\n`)
  return fetched.ok ? exitCodes.ok : exitCodes.failure
}
