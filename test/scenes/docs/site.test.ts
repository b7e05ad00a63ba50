// The site of the documentation as `npm run site` has built it: its links lead somewhere, and its search finds what people ask
// first.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { repository } from '../../support/packed-package.ts'

const site = join(repository, 'site')
const output = join(site, '.vitepress', 'dist')
const skip = existsSync(join(output, 'index.html')) ? false : 'the site is not built: npm run site'

interface Found {
  readonly id: string
}
interface Index {
  search(question: string): readonly Found[]
}

// biome-ignore lint/suspicious/noExplicitAny: scripts without types
const imported = async (file: string): Promise<any> => import(pathToFileURL(file).href)
const { deadLinks } = await imported(join(repository, 'scripts', 'site-links.js'))

/** What people ask first, and the page that answers. */
const questions: readonly (readonly [question: string, page: RegExp])[] = [
  ['getting started', /^\/docs\/getting-started/],
  ['node does not appear', /^\/docs\/troubleshooting#a-node-does-not-appear/],
  ['sporadic 502', /^\/docs\/troubleshooting#sporadic-502/],
  ['deploy express without errors', /^\/docs\/deploys/],
  ['pm2 reload', /^\/docs\/(?:deploys#pm2|agent#pm2)/],
  ['sticky sessions', /^\/docs\/sessions/],
  ["let's encrypt", /^\/docs\/acme/],
  ['kubernetes helm', /^\/docs\/install#/],
  ["client's address", /^\/docs\/agent#the-clients-address/],
  ['prometheus metrics', /^\/docs\/observability/],
  ['rate limit', /^\/docs\/rules/],
  ['migrate from nginx', /^\/docs\/migrating\/from-nginx/],
]

test('the site has no dead link, and its search answers what people ask first', {
  skip,
}, async (t) => {
  const { pages, links, dead } = deadLinks(output)
  assert.ok(pages > 60 && links > 2_000)
  assert.deepEqual(dead, [])

  const index = await searchIndex()
  const missed = questions.flatMap(([question, page]) => {
    const first = index
      .search(question)
      .slice(0, 4)
      .map(({ id }) => id)
    return first.some((id) => page.test(id)) ? [] : [{ question, first }]
  })
  assert.deepEqual(missed, [])
  t.diagnostic(`${pages} pages, ${links} links, ${questions.length} questions`)
})

test('a link to a page, a heading or a file that is not there is dead', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'topspin-site-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'docs'))
  const page =
    '<h2 id="drain">x</h2><img class="a" src="../demo.svg"><a href="/docs/agent#drain">b</a>'
  const links = [
    '/docs/agents',
    '#drains',
    './other',
    '../demo.png',
    '/',
    'agent',
    'https://example.com/x',
  ]
  const wrong = links.map((link) => `<a class="x" href="${link}">b</a>`).join('')
  writeFileSync(join(folder, 'docs', 'agent.html'), page + wrong)
  writeFileSync(join(folder, 'index.html'), '')
  writeFileSync(join(folder, 'demo.svg'), '')
  const { dead } = deadLinks(folder)
  assert.deepEqual(
    dead,
    ['/docs/agents', '#drains', './other', '../demo.png'].map((link) => `docs/agent.html: ${link}`),
  )
})

/** The index as the browser loads it, with the options of the site. */
async function searchIndex(): Promise<Index> {
  const chunks = join(output, 'assets', 'chunks')
  const name = readdirSync(chunks).find((file) => file.startsWith('@localSearchIndexroot')) ?? ''
  const { default: json } = await imported(join(chunks, name))
  const { searchOptions } = await imported(join(site, '.vitepress', 'search.js'))
  const module = createRequire(join(site, 'package.json'))('minisearch')
  const fields = ['title', 'titles', 'text']
  return (module.default ?? module).loadJSON(json, {
    fields,
    storeFields: ['title', 'titles'],
    searchOptions,
  })
}
