// What operators do with the running program by POST /api/v1/reload and /upgrade, and the answers.

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
