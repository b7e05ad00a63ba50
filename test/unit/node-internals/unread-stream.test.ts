import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { markUnread, probeUnreadStream } from '../../../src/node-internals/unread-stream.ts'

test('the initial state of a paused stream can be restored', async () => {
  assert.equal(await probeUnreadStream(), true)
})

test('its next reader gets everything from the start by listening', async () => {
  const stream = new Readable({ read() {} })
  const peek = (): void => {}
  stream.on('data', peek)
  stream.pause()
  stream.off('data', peek)
  markUnread(stream)
  stream.push('body')
  stream.push(null)
  await new Promise(setImmediate)
  let text = ''
  stream.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  await new Promise((resolve) => stream.on('end', resolve))
  assert.equal(text, 'body')
})
