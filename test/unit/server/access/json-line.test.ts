import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessEntry } from '../../../../src/proxy/index.ts'
import { jsonLine } from '../../../../src/server/access/json-line.ts'
import { Out } from '../../../../src/wire/http/out.ts'
import { accessEntry } from '../../../support/access-entry.ts'

function accessLine(entry: AccessEntry, names: readonly string[] = []): string {
  const out = new Out(64)
  jsonLine(names)(entry, out)
  return out.content.toString('ascii')
}

const entry = accessEntry({
  time: 1_795_245_573_843,
  target: '/shop?item=1',
  tls: 'TLSv1.3',
  userAgent: 'curl/8',
  requestId: 'a-1',
})

/** As a line has it. */
const shown = ({ fields: _, ...of }: AccessEntry): object => ({
  ...of,
  time: new Date(of.time).toISOString(),
})

test('a line is the entry as JSON, with its time as in the log of the program', () => {
  assert.deepEqual(JSON.parse(accessLine(entry)), shown(entry))
  assert.ok(accessLine(entry).endsWith('}\n'))
})

test('characters that JSON must escape are escaped', () => {
  const odd = {
    ...entry,
    target: '/a?"\\^|',
    host: 'h\u00e4user\u007f\n\u20ac.test',
    route: 'a\\b',
  }
  assert.deepEqual(JSON.parse(accessLine(odd)), shown(odd))
  assert.equal(accessLine(odd).indexOf('\n'), accessLine(odd).length - 1)
})

test('times have three decimals', () => {
  const written = (durationMs: number): string | undefined =>
    /"durationMs":([^,]*)/.exec(accessLine({ ...entry, durationMs }))?.[1]
  assert.equal(written(0.123456), '0.123')
  assert.equal(written(0), '0.000')
  assert.equal(written(0.0004), '0.000')
  assert.equal(written(12.0096), '12.010')
  assert.equal(written(86_400_000.5), '86400000.500')
})

test('large numbers are whole', () => {
  const large = { ...entry, bytes: 9_007_199_254_740_991, time: 4_000_000_000_000 }
  assert.deepEqual(JSON.parse(accessLine(large)), shown(large))
})

test('fields of the request follow by their names, and times that there are not are null', () => {
  const line = accessLine({ ...entry, fields: ['/a"b', ''], waitMs: null, firstByteMs: null }, [
    'referer',
    'x-tenant',
  ])
  const { fields, waitMs, firstByteMs } = JSON.parse(line)
  assert.deepEqual(fields, { referer: '/a"b', 'x-tenant': '' })
  assert.deepEqual([waitMs, firstByteMs], [null, null])
})
