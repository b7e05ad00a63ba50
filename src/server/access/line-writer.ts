// The format of the access log: what writes an entry as a line.

import type { AccessLogConfig } from '../../config/schema-access-log.ts'
import { jsonLine } from './json-line.ts'
import type { LineWriter } from './log-parts.ts'
import { templateLine } from './template-line.ts'

/** @param fields the names of `AccessEntry.fields`. */
export const lineWriter = (
  { format }: Pick<AccessLogConfig, 'format'>,
  fields: readonly string[],
): LineWriter => (format === 'json' ? jsonLine(fields) : templateLine(format, fields))
