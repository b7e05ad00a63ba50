// `topspin config`: the configuration in force, and where each value comes from.

import { valueText } from '../../console/model/value-text.ts'
import type { ConfigurationValue } from '../../control/inspection.ts'
import { print, printJson } from '../output.ts'
import { fittedText } from '../table.ts'
import { type RemoteFlags, withRemote } from './remote.ts'

export interface ConfigFlags extends RemoteFlags {
  /** Defaults, too. */
  readonly all?: boolean
}

export const showConfiguration = (flags: ConfigFlags): Promise<number> =>
  withRemote(flags, async (remote) => {
    const { values } = await remote.get<{ readonly values: readonly ConfigurationValue[] }>(
      '/configuration',
    )
    if (flags.json) return printJson({ values })
    print(configurationTable(values, flags.all === true, process.stdout.columns))
  })

function configurationTable(
  values: readonly ConfigurationValue[],
  all: boolean,
  width?: number,
): string {
  const shown = values.filter(({ source, restart }) => all || source !== 'default' || restart)
  const rest = values.length - shown.length
  const note = rest === 0 ? '' : `${rest} keys have their default; --all shows them.\n`
  if (shown.length === 0) return note
  const table = fittedText(
    [{ title: 'KEY' }, { title: 'VALUE' }, { title: 'FROM' }],
    shown.map(({ key, value, place, source, restart }) => [
      key,
      shortText(value),
      `${place ?? source}${restart ? ' (a new value needs a restart)' : ''}`,
    ]),
    width,
  )
  return `${table}${note}`
}

/** Characters of a value in a table. */
const valueMax = 40

function shortText(value: unknown): string {
  const text = value === null ? '-' : valueText(value)
  return text.length > valueMax ? `${text.slice(0, valueMax - 3)}...` : text
}
