// The examples of docs/rules.md are configurations that the proxy takes, and so are the translations from other proxies.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { problemsOf } from '../../support/rules-fixture.ts'

const page = readFileSync(
  fileURLToPath(new URL('../../../../docs/rules.md', import.meta.url)),
  'utf8',
)

test('every example of the page about rules is a valid configuration', () => {
  const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
  assert.ok(examples.length >= 5)
  for (const text of examples) assert.deepEqual(problemsOf(text), [], text)
})

test('every rule that is translated from another proxy is valid', () => {
  const rows = [...page.matchAll(/^\| (?:nginx|HAProxy|Traefik|Caddy) .*\| `(\{.*\})` *\|$/gm)]
  assert.ok(rows.length >= 15)
  for (const [, rule = ''] of rows) assert.deepEqual(problemsOf(`routes: [${rule}]`), [], rule)
})
