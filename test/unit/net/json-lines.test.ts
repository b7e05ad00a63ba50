// Lines of JSON in a stream of bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonLines } from '../../../src/net/json-lines.ts'

async function read(chunks: readonly string[], most: number = 100): Promise<unknown[]> {
  const found: unknown[] = []
  const body = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk)
  })()
  for await (const line of jsonLines(body, most)) found.push(line)
  return found
}

test('lines may be cut anywhere, and the end of the stream may cut one off', async () => {
  const text = '{"a":1}\n{"b":"ü"}\r\n\n[2]\n{"cut":'
  const all = [{ a: 1 }, { b: 'ü' }, [2]]
  assert.deepEqual(await read([text]), all)
  const bytes = Buffer.from(text)
  const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1).toString('latin1'))
  assert.deepEqual(await read(single.slice(0, 8)), [{ a: 1 }])
})

test('a line that is too long or not JSON is a failure', async () => {
  await assert.rejects(read(['"', 'x'.repeat(60), 'x'.repeat(60)]), /more than 100 bytes/)
  await assert.rejects(read(['{"a":1}\nnonsense\n']), /JSON/)
})
