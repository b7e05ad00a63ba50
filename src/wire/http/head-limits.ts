// Bounds of the head of a request or response.

import { httpLimits } from '../../base/limits.ts'

export interface HeadLimits {
  /** One field line without its line end, bytes. */
  readonly fieldBytes: number
  /** The first line and all field lines, bytes. */
  readonly totalBytes: number
  /** Field lines. */
  readonly count: number
}

export const defaultHeadLimits: HeadLimits = {
  fieldBytes: httpLimits.fieldBytesMax,
  totalBytes: httpLimits.headBytesMax,
  count: httpLimits.fieldsMax,
}
