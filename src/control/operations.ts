// What operators do with a running proxy by POST on the control listener, and the answers. Called by pages.ts.

import { isLoopback, plainAddress } from '../net/address.ts'
import type { Caller } from './caller.ts'
import { jsonResponse, type PageResponse, textResponse } from './page-response.ts'

export type ReloadOutcome =
  | {
      readonly ok: true
      /** The configuration keys whose new values are in force. */
      readonly changed: readonly string[]
      /** The keys whose new values need a restart. */
      readonly restart: readonly string[]
    }
  /** Nothing has changed. */
  | { readonly ok: false; readonly problems: readonly string[] }

export type UpgradeOutcome =
  | {
      readonly ok: true
      /** The process that serves from now on, and the one that ends with its connections. */
      readonly serving: ProgramProcess
      readonly ending: ProgramProcess
      /** What is left of the connections of the latter is cut after this time, ms. */
      readonly withinMs: number
    }
  /** Nothing has changed. */
  | { readonly ok: false; readonly problems: readonly string[] }

interface ProgramProcess {
  readonly pid: number
  /** Of the program. */
  readonly version: string
}

export interface Operations {
  /** Reads the configuration again. Never rejects. */
  reload(): Promise<ReloadOutcome>
  /** Starts the program anew, in place of this process. Never rejects. */
  upgrade(): Promise<UpgradeOutcome>
}

export const operationPaths: readonly string[] = ['/api/reload', '/api/upgrade']

/** Without a secret only this machine may. */
export async function respondToOperation(
  path: string,
  { remote }: Caller,
  operations: Operations | undefined,
  hasSecret: boolean,
): Promise<PageResponse> {
  if (operations === undefined) return textResponse(501, 'not served by this program')
  if (!hasSecret && !isLoopback(plainAddress(remote)))
    return textResponse(403, 'only from this machine, unless control.secret is set')
  switch (path) {
    case '/api/reload': {
      const outcome = await operations.reload()
      return jsonResponse(outcome, outcome.ok ? 200 : 409)
    }
    case '/api/upgrade': {
      const outcome = await operations.upgrade()
      return jsonResponse(outcome, outcome.ok ? 200 : 409)
    }
    default:
      return textResponse(404, 'not found')
  }
}
