import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf, parseTemplate } from '../../../src/config/log-template.ts'

const problem = (format: string): string => {
  const parsed = parseTemplate(format)
  return parsed.ok ? '' : parsed.problem
}

test('a template is text, variables and fields of the request', () => {
  const parsed = parseTemplate('<${client}> ${header.X-Tenant}!')
  assert.ok(parsed.ok)
  assert.deepEqual(parsed.parts, [
    { text: '<' },
    { variable: 'client' },
    { text: '> ' },
    { header: 'x-tenant' },
    { text: '!' },
  ])
})

test('a wrong template gets an error that says what would be right', () => {
  assert.match(problem('${statu}'), /\$\{statu\}: did you mean \$\{status\}\?/)
  assert.match(problem('${zzzzzzzzz}'), /the variables are time, time\.clf, client/)
  assert.match(problem('jsn'), /neither json, common nor combined/)
  assert.match(problem('${status}\n'), /printable ASCII/)
  assert.match(problem('${header.a b}'), /unknown variable/)
  assert.match(problem('${status}'.repeat(200)), /more than 128 parts/)
  assert.match(problem(`\${status}${'x'.repeat(3_000)}`), /longer than 2048/)
})

test('a format names the fields of requests that it needs, each once', () => {
  assert.deepEqual(fieldsOf('combined', []), ['referer'])
  assert.deepEqual(fieldsOf('json', ['x-tenant']), ['x-tenant'])
  assert.deepEqual(fieldsOf('${header.A} ${header.a}', []), ['a'])
  assert.deepEqual(fieldsOf('common', []), [])
})
