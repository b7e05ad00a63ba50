import assert from 'node:assert/strict'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { HeadView, MessageView } from '../../../../src/peer/hand-over/request-views.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'

function view(text: string): HeadView {
  const head = new RequestHead()
  const bytes = Buffer.from(text, 'latin1')
  assert.equal(head.parse(bytes, 0, bytes.length), bytes.length)
  return new HeadView().of(head, '192.0.2.1')
}

test('a head shows what candidacy functions read', () => {
  const shown = view('PUT /a?b=c HTTP/1.1\r\nHost: App.Test:80\r\nX-One: 1\r\nx-one: 2\r\n\r\n')
  assert.equal(shown.method, 'PUT')
  assert.equal(shown.target, '/a?b=c')
  assert.equal(shown.host, 'app.test')
  assert.equal(shown.client, '192.0.2.1')
  assert.equal(shown.field('x-one'), '1')
  assert.equal(shown.field('x-two'), undefined)
})

test('the target is the one that is sent to a peer', () => {
  const head = (line: string) => view(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.equal(head('GET http://b.test/c?d').target, '/c?d')
  assert.equal(head('GET http://b.test').target, '/')
  assert.equal(head('GET http://b.test/c').host, 'b.test')
  assert.equal(head('OPTIONS *').target, '*')
})

test('both views find our own entry in Via, and no other that contains its name', () => {
  const passed = (via: string): boolean[] => {
    const message = new IncomingMessage(new Socket())
    message.rawHeaders = ['Via', via]
    Object.assign(message.headers, { via })
    return [
      view(`GET / HTTP/1.1\r\nHost: a\r\nVia: ${via}\r\n\r\n`).hasPassed('ours'),
      new MessageView(message).hasPassed('ours'),
    ]
  }
  assert.deepEqual(passed('1.1 other, 1.1 ours'), [true, true])
  assert.deepEqual(passed('1.1 ours-too'), [false, false])
})
