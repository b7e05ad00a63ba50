// Regular expressions of the product: one with two unbounded quantifiers can take quadratic time or worse, so
// none reads what comes from a network.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../../src/', import.meta.url))

/** Files whose expressions of that kind read configuration, arguments or local files only. */
const local: ReadonlySet<string> = new Set([
  'base/environment.ts',
  'agent/links.ts',
  'agent/settings.ts',
  'candidacy/by-hostname.ts',
  'candidacy/policy.ts',
  'cli/flag-values.ts',
  'cli/flags.ts',
  'host/cgroup-text.ts',
  'host/open-files.ts',
  'peer/peer-key.ts',
  'server/serving.ts',
])

test('no regular expression with two unbounded quantifiers reads bytes from a network', () => {
  const found: string[] = []
  let seen = 0
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || local.has(name)) continue
    for (const expression of expressionsIn(readFileSync(join(source, name), 'utf8'))) {
      seen++
      if (unboundedIn(expression) > 1) found.push(`${name}: ${expression}`)
    }
  }
  assert.ok(seen > 100, `only ${seen} expressions were found`)
  assert.deepEqual(found, [])
})

test('what is unbounded is counted', () => {
  assert.equal(unboundedIn('/^[ *+]+\\+?(?:a{1,3}|b{2})*$/'), 2)
  assert.equal(unboundedIn('/a{2,}b*?/'), 2)
  assert.equal(unboundedIn('/^\\d{1,5}(?:ms|s)?$/'), 0)
})

/** Literals of regular expressions: behind what no division can stand behind. */
function expressionsIn(text: string): string[] {
  const code = text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const literal =
    /(?:^|[(,=:[!&|?{};]|=>|return)\s*(\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[dgimsuvy]*)/gm
  return [...code.matchAll(literal)].map(([, expression = '']) => expression)
}

function unboundedIn(expression: string): number {
  const plain = expression.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  return plain.match(/[*+]|\{\d+,\}/g)?.length ?? 0
}
