// Regular expressions of the product: one with two unbounded quantifiers can take quadratic time or worse, so
// none reads what comes from a network.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
  'cli/flags.ts',
  'host/cgroup-text.ts',
  'host/open-files.ts',
  'peer/peer-key.ts',
])

test('no regular expression with two unbounded quantifiers reads bytes from a network', () => {
  const found: string[] = []
  let seen = 0
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || local.has(name)) continue
    const expressions = expressionsIn(readFileSync(join(source, name), 'utf8'))
    seen += expressions.length
    found.push(...expressions.filter(isExpensive).map((expression) => `${name}: ${expression}`))
  }
  assert.ok(seen > 100, `only ${seen} expressions were found`)
  assert.deepEqual(found, [])
})

test('the list of exceptions names only files that exist and have such an expression', () => {
  const stale = [...local].filter((name) => {
    const file = join(source, name)
    return !existsSync(file) || !expressionsIn(readFileSync(file, 'utf8')).some(isExpensive)
  })
  assert.deepEqual(stale, [])
})

test('unbounded quantifiers are counted', () => {
  assert.equal(unboundedIn('/^[ *+]+\\+?(?:a{1,3}|b{2})*$/'), 2)
  assert.equal(unboundedIn('/a{2,}b*?/'), 2)
  assert.equal(unboundedIn('/^\\d{1,5}(?:ms|s)?$/'), 0)
})

/** Literals of regular expressions: a slash that begins one follows a token after which there is no division. */
function expressionsIn(text: string): string[] {
  const code = text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const literal =
    /(?:^|[(,=:[!&|?{};]|=>|return)\s*(\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[dgimsuvy]*)/gm
  return [...code.matchAll(literal)].map(([, expression = '']) => expression)
}

const isExpensive = (expression: string): boolean => unboundedIn(expression) > 1

function unboundedIn(expression: string): number {
  const plain = expression.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
  return plain.match(/[*+]|\{\d+,\}/g)?.length ?? 0
}
