// The flags of `topspin agent`, from the table of the agent's options. Used by program.ts and agent.ts.

import { InvalidArgumentError, Option } from 'commander'
import { type OptionRow, optionTable } from '../agent/option-table.ts'
import type { ValueForm } from '../base/value-forms.ts'

/** By attribute name, as commander parses them; read by `flagValue`. */
export interface AgentFlags {
  readonly secretFile?: string
  readonly [attribute: string]: unknown
}

/** The flag of each row that has one. */
const options: ReadonlyMap<OptionRow, Option> = new Map(
  optionTable.flatMap((row) => {
    const option = optionOf(row)
    return option === undefined ? [] : [[row, option] as const]
  }),
)

export const agentFlags: readonly Option[] = [...options.values()]

/** The flags that the help only names. */
export const furtherFlags: readonly string[] = agentFlags
  .filter(({ hidden }) => hidden)
  .map(({ long }) => long ?? '')

/** undefined when the flag is not given. */
export function flagValue(row: OptionRow, flags: AgentFlags): unknown {
  const option = options.get(row)
  return option === undefined ? undefined : flags[option.attributeName()]
}

function optionOf({ flag, help, value, sidecarValue, only }: OptionRow): Option | undefined {
  const form = sidecarValue ?? value
  if (flag === undefined || form === undefined || only === 'server') return undefined
  const option = new Option(flag, help).hideHelp(help === undefined)
  return option.isBoolean() ? option : option.argParser(parserOf(form))
}

/** Of the form of a flag, for commander. */
function parserOf({ what, parse, isList }: ValueForm): (text: string, before: unknown) => unknown {
  return (text: string, before: unknown): unknown => {
    const value = parse(text)
    if (value === undefined) throw new InvalidArgumentError(`It is not ${what}.`)
    return isList && Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
  }
}
