// `topspin weight 50 shop-a`, or the same with the node first, as the other commands have it.

import { CommandFailure, exitCodes } from '../failure.ts'
import { type SteerFlags, steer } from './steer.ts'

/** @param second absent with `--domain`. */
export async function weigh(
  first: string,
  second: string | undefined,
  flags: SteerFlags,
): Promise<number> {
  const isNodeFirst =
    second !== undefined && !isPercent(first) && (isPercent(second) || !isNumber(first))
  const [percent, route] = isNodeFirst ? [second, first] : [first, second]
  if (!isPercent(percent))
    throw new CommandFailure(
      `${percent} is not a weight. Write percent, 1 to 100: topspin weight 50 NODE`,
      exitCodes.usage,
    )
  return steer('weight', route, flags, Number.parseInt(percent, 10))
}

const isPercent = (text: string): boolean => /^(?:[1-9]\d?|100)%?$/.test(text)

/** A weight that is out of range is no name of a node. */
const isNumber = (text: string): boolean => /^[-+]?[\d.]+%?$/.test(text)
