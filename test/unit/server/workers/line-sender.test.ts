import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logOutputLimits } from '../../../../src/base/limits.ts'
import { silent } from '../../../../src/base/log.ts'
import type { AccessEntry } from '../../../../src/proxy/index.ts'
import { blockBytes } from '../../../../src/server/access/lines.ts'
import { LineSender } from '../../../../src/server/workers/line-sender.ts'
import { accessEntry } from '../../../support/access-entry.ts'

const entry = (target: string): AccessEntry => accessEntry({ target })

test('lines are sent whole and in order, the last ones at closing', () => {
  const texts: string[] = []
  const sender = new LineSender(
    (message, sent) => {
      if (message.kind === 'lines') texts.push(message.text)
      sent()
    },
    silent,
    { total: 0 },
  )
  for (let i = 0; i < 2_000; i += 1) sender.write(entry(`/${i}`))
  assert.ok(texts.length > 0 && texts.length < 20, `${texts.length} messages for 2,000 lines`)
  void sender.close()
  for (const text of texts) assert.ok(text.endsWith('}\n'))
  const targets = texts
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).target)
  assert.deepEqual(
    targets,
    Array.from({ length: 2_000 }, (_, i) => `/${i}`),
  )
})

test('lines beyond the limit are dropped and counted when the primary does not accept them', () => {
  let underWay = 0
  const taken: (() => void)[] = []
  const warnings: object[] = []
  const count = { total: 0 }
  const log = { ...silent, warn: (detail: object) => warnings.push(detail) }
  const sender = new LineSender(
    (message, sent) => {
      if (message.kind === 'lines') underWay += message.text.length
      taken.push(sent)
    },
    log,
    count,
  )
  const long = entry(`/${'x'.repeat(8_000)}`)
  const lines = 2 * Math.ceil(logOutputLimits.keptMax / 8_000)
  for (let i = 0; i < lines; i += 1) sender.write(long)
  assert.ok(underWay < logOutputLimits.keptMax + 2 * blockBytes, `${underWay} under way`)
  for (const sent of taken.splice(0)) sent()
  assert.equal(warnings.length, 1)
  const { lines: dropped } = warnings[0] as { lines: number }
  assert.ok(dropped > 0 && dropped < lines)
  assert.equal(count.total, dropped)
  void sender.close()
})
