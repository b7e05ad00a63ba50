// The prefix of a target that the path of a rule is. Paths of rules have no characters that may be escaped, so the prefix
// stands in the target as it is; a target that has it in another form was refused as ambiguous.

import { pathKey } from '../../cluster/context.ts'

const SLASH = 0x2f
const SEMICOLON = 0x3b
const QUESTION = 0x3f

/**
 * The offset behind the longest of these paths that bytes[from..to) begins with; -1 when it begins with none.
 * @param paths as in the configuration; none stands for all.
 */
export function behindPrefix(
  bytes: Buffer,
  from: number,
  to: number,
  paths: readonly string[],
): number {
  let longest = paths.length === 0 ? from : -1
  for (const path of paths) {
    const key = pathKey(path)
    const end = from + key.length
    if (end > to || bytes.toString('latin1', from, end) !== key) continue
    if (end === to || endsSegment(bytes[end])) longest = Math.max(longest, end)
  }
  return longest
}

/** A semicolon begins the session id of a link to the prefix itself; other parameters there were refused as ambiguous. */
const endsSegment = (byte: number | undefined): boolean =>
  byte === SLASH || byte === QUESTION || byte === SEMICOLON
