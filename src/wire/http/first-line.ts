// Method and target of a request that is not valid, for a log.

import { logLimits } from '../../base/limits.ts'
import { CR, isToken, LF, SP } from './bytes.ts'
import { text } from './fields.ts'

export interface FirstLine {
  /** '' when it is no token. */
  readonly method: string
  /** Without a method, the whole line. */
  readonly target: string
}

/** Of bytes[at..end), as far as they can be read. */
export function firstLine(bytes: Buffer, at: number, end: number): FirstLine {
  let from = at
  while (from < end && isLineEnd(bytes[from]!)) from++
  let to = from
  while (to < end && isToken[bytes[to]!] === 1) to++
  const isMethod = to > from && bytes[to] === SP && to - from <= logLimits.methodMax
  const targetFrom = isMethod ? to + 1 : from
  const longest = Math.min(end, targetFrom + logLimits.targetMax)
  let targetTo = targetFrom
  while (targetTo < longest && !isLineEnd(bytes[targetTo]!)) {
    if (isMethod && bytes[targetTo] === SP) break
    targetTo++
  }
  return {
    method: isMethod ? text(bytes, from, to) : '',
    target: text(bytes, targetFrom, targetTo),
  }
}

const isLineEnd = (byte: number): boolean => byte === CR || byte === LF
