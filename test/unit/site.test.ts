// The sidebar of the site has every page of docs/, and no page that is not there.

import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Group {
  readonly text: string
  readonly items: readonly { readonly text: string; readonly link: string }[]
}

const file = pathToFileURL(join(root, 'site', '.vitepress', 'sidebar.js'))
const { sidebar } = (await import(file.href)) as { sidebar: readonly Group[] }
const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => link))

test('every page of docs/ is in the sidebar of the site', () => {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `/docs/${name.replace(/\.md$/, '')}`)
  assert.ok(pages.length > 50)
  assert.deepEqual(
    pages.filter((page) => !listed.includes(page)),
    [],
  )
})

test('every entry of the sidebar is a page, once', () => {
  const gone = listed.filter((link) => !existsSync(join(root, `${link.split('#')[0]}.md`)))
  assert.deepEqual(gone, [])
  assert.deepEqual(
    listed.filter((link, index) => listed.indexOf(link) !== index),
    [],
  )
})
