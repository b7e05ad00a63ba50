// The examples of the pages about fixed nodes are configurations that the proxy takes, and all keys of sources are explained.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { problemsOf } from '../../support/rules-fixture.ts'

const pageOf = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url)), 'utf8')

test('every example of the pages about fixed nodes is a valid configuration', () => {
  for (const [name, least] of [
    ['sources.md', 5],
    ['fixed-nodes.md', 3],
  ] as const) {
    const examples = [...pageOf(name).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
    assert.ok(examples.length >= least)
    for (const [, text = ''] of examples) assert.deepEqual(problemsOf(text), [], text)
  }
})

test('every key that the page about sources explains is one', () => {
  const page = pageOf('sources.md')
  const required = {
    kubernetes: { service: 'a' },
    consul: { service: 'a' },
    docker: { label: 'a' },
  }
  for (const [kind, map] of Object.entries(required)) {
    const [, section = ''] = page.split(new RegExp(`^## ${kind}$`, 'im'))
    const [table = ''] = section.split('\n## ')
    const rows = [...table.matchAll(/^\| (`[a-zA-Z`, ]+`) *\|/gm)]
    const keys = rows.flatMap(([, names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, key]) => key),
    )
    assert.ok(keys.length >= 6, `${kind}: ${keys}`)
    for (const key of keys) {
      const value = { api: 'http://a:1', scheme: 'h2', port: 1 }[key ?? ''] ?? 'a'
      const text = JSON.stringify({ to: [{ [kind]: { ...map, [key ?? '']: value } }] })
      assert.deepEqual(problemsOf(text), [], text)
    }
  }
})
