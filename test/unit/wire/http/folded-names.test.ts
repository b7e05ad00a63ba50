// Names of clients that CGI, WSGI, Rack and PHP read as those of fields that the proxy sets, strips or frames by.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ForwardedFields, viaLines } from '../../../../src/wire/forwarded.ts'
import { Out } from '../../../../src/wire/http/out.ts'
import { writeRequestHead } from '../../../../src/wire/http/outgoing-request.ts'
import { BAD_FIELD } from '../../../../src/wire/http/problem.ts'
import { RequestHead } from '../../../../src/wire/http/request-head.ts'
import { ResponseHead } from '../../../../src/wire/http/response-head.ts'

function parsed(...fields: string[]): RequestHead | number {
  const bytes = Buffer.from(['GET / HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n'))
  const head = new RequestHead()
  const result = head.parse(bytes, 0, bytes.length)
  return result > 0 ? head : result
}

function sent(trusted: boolean, passesFolded: boolean, ...fields: string[]): string {
  const head = parsed(...fields) as RequestHead
  const forwarded = new ForwardedFields({
    address: '10.0.0.1',
    scheme: 'http',
    via: viaLines('us'),
    trusted,
  })
  const out = new Out(512)
  const client = { forwarded, trusted, localAuthority: 'a' }
  writeRequestHead({ head, client, passesFolded }, out)
  return out.content.toString()
}

describe('a name that folds to a field of the proxy', () => {
  for (const name of [
    'X_Forwarded_For',
    'X-Forwarded_For',
    'X_Forwarded-For',
    'x_FORWARDED_for',
    'X.Forwarded.For',
    'X_Forwarded_Proto',
    'X_Forwarded_Host',
    'X_Forwarded_Port',
    'X_Forwarded-Prefix',
    'X_Real_IP',
    'X-Real_IP',
    'Client_Cert',
    'CLIENT_CERT',
    'Client_Cert_Chain',
    'Client-Cert_Chain',
    'Keep_Alive',
    'Proxy_Connection',
    'HTTP2_Settings',
    'Max_Forwards',
    'Topspin_Handed_Over',
    'Forwarded_',
    '_Forwarded',
    'Host_',
    'X-Forwarded-For-',
    "X_Real_IP'",
    '__Client_Cert__',
    'X_Request_Id',
    'x-request_id',
    'traceparent_',
    '_tracestate',
  ]) {
    test(`${name} is noticed and not sent, not even for a trusted client`, () => {
      assert.equal((parsed(`${name}: 6.6.6.6`) as RequestHead).hasFolded, true)
      assert.doesNotMatch(sent(true, false, `${name}: 6.6.6.6`), /6\.6\.6\.6/)
      assert.match(sent(false, true, `${name}: 6.6.6.6`), /6\.6\.6\.6/)
    })
  }

  for (const name of [
    'Content_Length',
    'CONTENT_LENGTH',
    'Transfer_Encoding',
    'Transfer_Encoding_',
  ])
    test(`${name} is refused`, () => assert.equal(parsed(`${name}: 5`), BAD_FIELD))

  test('is nothing special in an answer of a node', () => {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nTransfer_Encoding: x\r\nKeep_Alive: y\r\n\r\n')
    assert.equal(new ResponseHead().parse(bytes, 0, bytes.length), bytes.length)
  })
})

describe('any other name with an underscore', () => {
  for (const name of [
    'X_Custom',
    'user_id',
    '_',
    'Sec_WebSocket_Key',
    'X_Forwarded_Fo',
    'Hos_',
    'Date_',
    'Authorization_',
    'custom_',
    '-',
    'x_real_ipp',
  ])
    test(`${name} is sent`, () => {
      assert.equal((parsed(`${name}: 6.6.6.6`) as RequestHead).hasFolded, false)
      assert.ok(sent(false, false, `${name}: 6.6.6.6`).includes(`${name}: 6.6.6.6`))
    })
})

test('the mark of a hand-over goes on from a peer alone', () => {
  assert.doesNotMatch(sent(true, true, 'Topspin-Handed-Over: x'), /Handed-Over/i)
})
