import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handOverLimits } from '../../../../src/base/limits.ts'
import { makeTraffic } from '../../../../src/forward/index.ts'
import { KeptRequest } from '../../../../src/peer/raw/kept-request.ts'

const head = 'PUT / HTTP/1.1\r\n\r\n'

function kept(): KeptRequest {
  const request = new KeptRequest(makeTraffic({}).buffers)
  const bytes = Buffer.from(`earlier${head}one`)
  request.keep(bytes, 'earlier'.length, 'earlier'.length + head.length, bytes.length)
  return request
}

test('a request is kept as it arrived, with the pieces of its body', () => {
  const request = kept()
  request.addBody(Buffer.from('two and more'), 3, true)
  assert.equal(request.content?.toString(), `${head}onetwo`)
  request.drop()
  assert.equal(request.content, undefined)
})

test('a request that must not be executed twice is not kept once a piece of its body was sent', () => {
  const request = kept()
  request.addBody(Buffer.from('two'), 3, false)
  assert.equal(request.content, undefined)
})

test('a request with a long body is not kept', () => {
  const request = kept()
  const most = Buffer.alloc(handOverLimits.keptBodyBytesMax - 'one'.length)
  request.addBody(most, most.length, true)
  assert.equal(request.content?.length, head.length + handOverLimits.keptBodyBytesMax)
  request.addBody(Buffer.alloc(1), 1, true)
  assert.equal(request.content, undefined)
})
