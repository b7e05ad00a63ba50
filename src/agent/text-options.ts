// The agent's options from texts, which are variables and flags, by the table of the options: options of
// `joinCluster` or of the sidecar, with the names of files and the level of the log beside them. Pure.

import type { EnvironmentReader } from '../base/environment.ts'
import type { LogLevel } from '../base/stderr-log.ts'
import type { JoinOptions } from './join-cluster.ts'
import { type OptionRow, optionsFrom } from './option-table.ts'
import type { TlsFiles } from './tls-files.ts'

interface TextOptions {
  /** Without `secret`, `tls` and `log`. */
  readonly options: Omit<JoinOptions, 'secret' | 'tls' | 'log'>
  readonly tlsFiles: TlsFiles
  readonly level: LogLevel
}

/**
 * The variables that are wrong or misspelt are in `variables` afterwards.
 * @param flagOf the value of a flag, which outranks the variable; undefined where it is not given.
 */
export function textOptions(
  part: 'server' | 'sidecar',
  variables: EnvironmentReader,
  flagOf: (row: OptionRow) => unknown = () => undefined,
): TextOptions {
  variables.expect('MODE', 'PORT', 'SECRET', 'SECRET_FILE')
  const tree = optionsFrom(part, (row, form) => {
    const value = row.variable === undefined ? undefined : variables.value(row.variable, form)
    return flagOf(row) ?? value
  })
  const { tls = {}, log = 'info', advertise, ...options } = tree
  return {
    options: { ...options, ...advertiseOf(advertise as JoinOptions['advertise']) },
    tlsFiles: tls as TlsFiles,
    level: log as LogLevel,
  }
}

/** Nothing unless a group is named; `on` is the usual one. */
function advertiseOf({
  group = 'off',
  ...rest
}: JoinOptions['advertise'] = {}): Pick<JoinOptions, 'advertise'> {
  if (group === 'off') return {}
  return { advertise: group === 'on' ? rest : { ...rest, group } }
}
