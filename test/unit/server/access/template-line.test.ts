import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logVariables } from '../../../../src/config/log-template.ts'
import type { AccessEntry } from '../../../../src/proxy/index.ts'
import { templateLine } from '../../../../src/server/access/template-line.ts'
import { Out } from '../../../../src/wire/http/out.ts'
import { accessEntry } from '../../../support/access-entry.ts'

function line(format: string, given: Partial<AccessEntry> = {}, names: string[] = []): string {
  const out = new Out(64)
  templateLine(format, names)(accessEntry({ time: 1_795_245_573_843, ...given }), out)
  return out.content.toString('latin1')
}

test('common and combined are the formats of Apache httpd', () => {
  const common = '10.0.0.1 - - [21/Nov/2026:07:19:33 +0000] "GET /shop?q=1 HTTP/1.1" 200 100'
  assert.equal(line('common'), `${common}\n`)
  const given = { fields: ['http://x.test/'], userAgent: 'curl/8' }
  assert.equal(line('combined', given, ['referer']), `${common} "http://x.test/" "curl/8"\n`)
})

test('every variable can be written', () => {
  for (const variable of logVariables)
    assert.match(line(`\${${variable}}`), /^[!-~ ]+\n$/, variable)
})

test('target and query are apart, and what is missing is a dash', () => {
  assert.equal(line('${path}|${query}|${code}|${waitMs}', { waitMs: null }), '/shop|q=1|-|-\n')
  assert.equal(line('${path}|${query}', { target: '/a' }), '/a|-\n')
})

test('a client cannot break a line or end a quoted value', () => {
  const odd = line('"${target}" "${userAgent}"', { target: '/a"\n\\', userAgent: 'é€' })
  assert.equal(odd, '"/a\\x22\\x0a\\x5c" "\\xc3\\xa9\\xe2\\x82\\xac"\n')
})
