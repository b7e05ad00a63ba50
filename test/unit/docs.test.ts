// The pages against the repository: links, anchors and named files exist, log messages that the
// troubleshooting page explains are in the source, and sections that comments cite are in the pages.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const pages = [
  ...below('.', 1).filter((name) => name.endsWith('.md')),
  ...below('docs').filter((name) => name.endsWith('.md')),
  ...below('examples').filter((name) => name.endsWith('.md')),
  ...below('.github').filter((name) => name.endsWith('.md')),
  ...below('src').filter((name) => name.endsWith('.md')),
]
const sources = ['src', 'test', 'bench', 'scripts'].flatMap((folder) =>
  below(folder).filter((name) => /\.[jt]s$/.test(name)),
)

/** Paths from the root; `depth` 1: only what is in the folder itself. */
function below(folder: string, depth: number = Number.POSITIVE_INFINITY): string[] {
  const names = readdirSync(join(root, folder), { recursive: depth > 1, encoding: 'utf8' })
  return names
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .filter((name) => !/node_modules|\/target\//.test(name) && statSync(join(root, name)).isFile())
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Without code blocks and code spans, in which brackets are no links. */
const prose = (page: string): string =>
  read(page)
    .replace(/^( *)```[\s\S]*?^\1```$/gm, '')
    .replace(/`[^`\n]*`/g, '')

/** As GitHub makes them from headings. */
function anchors(page: string): Set<string> {
  const text = read(page).replace(/^( *)```[\s\S]*?^\1```$/gm, '')
  const found = new Set<string>()
  for (const [, title = ''] of text.matchAll(/^#{1,6} (.*)$/gm)) {
    const slug = title
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    let name = slug
    for (let i = 1; found.has(name); i++) name = `${slug}-${i}`
    found.add(name)
  }
  return found
}

test('every relative link in the pages leads to a file, and to a heading where it names one', () => {
  const dead = pages.flatMap((page) =>
    [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^[a-z]+:/.test(link)) return []
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      if (!existsSync(resolve(root, file))) return [`${page}: ${link}`]
      if (anchor === undefined || !file.endsWith('.md') || anchors(file).has(anchor)) return []
      return [`${page}: ${link}`]
    }),
  )
  assert.deepEqual(dead, [])
})

test('a number in brackets behind a configuration key is the default of that key', () => {
  const defaults = new Map(
    read('docs/configuration.md')
      .split('\n## ')
      .flatMap((section) => {
        const [, key, value] = /^`(.+)`[\s\S]* default `(\d+)`/.exec(section) ?? []
        return key !== undefined && value !== undefined ? [[key, value] as const] : []
      }),
  )
  assert.ok(defaults.size > 10)
  const wrong = pages.flatMap((page) =>
    [...read(page).matchAll(/`([\w.]+)`(?:\]\([^)]*\))? \(([\d,]+)\)/g)].flatMap(
      ([, key, value]) => {
        const right = defaults.get(key ?? '')
        return right === undefined || right === value?.replaceAll(',', '')
          ? []
          : [`${page}: ${key} (${value}), not ${right}`]
      },
    ),
  )
  assert.deepEqual(wrong, [])
})

test('every file of the repository that the pages name exists', () => {
  const named = /(?<![\w./-])(?:src|test|scripts|bench|docs|examples|dist\/bench)\/[\w./*-]*\w\/?/g
  const missing = pages.flatMap((page) =>
    [...read(page).matchAll(named)].flatMap(([name]) => {
      const path = name.replace(/^dist\/(.*)\.js$/, '$1.ts')
      return path.includes('*') || existsSync(join(root, path)) ? [] : [`${page}: ${name}`]
    }),
  )
  assert.deepEqual(missing, [])
})

test('every page in docs/ is linked from another page', () => {
  const linked = new Set(
    pages.flatMap((page) =>
      [...prose(page).matchAll(/\]\(([^)\s#]+)/g)]
        .map(([, link = '']) => join(dirname(page), link))
        .filter((target) => target !== page),
    ),
  )
  const alone = pages.filter((page) => page.startsWith('docs/') && !linked.has(page))
  assert.deepEqual(alone, [])
})

test('every log message that the troubleshooting page explains is in the source', () => {
  const code = sources
    .filter((file) => file.startsWith('src/'))
    .map(read)
    .join('\n')
  const [, tables = ''] = read('docs/troubleshooting.md').split('## Log messages')
  const rows = (tables.split('\n## ')[0] ?? '').match(/^\| `.*$/gm) ?? []
  const messages = rows.flatMap((row) => {
    const [cell = ''] = row.slice(1).split(' | ')
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message.trim())
  })
  assert.ok(messages.length > 20)
  const gone = messages.filter((message) => !code.includes(message))
  assert.deepEqual(gone, [])
})

test('every error code of the product stands in the troubleshooting page', () => {
  const patterns = [
    /\bcode: '([A-Z][A-Z0-9_]+)'/g,
    /TopspinError\(\s*'([A-Z][A-Z0-9_]+)'/g,
    /\bproblem\(\d+, '([A-Z][A-Z0-9_]+)'/g,
    // Helpers of src/forward/node and src/net pass them on.
    /(?:notProcessed\(|otherProtocol = |error\(|abort\(|\? )'((?:NODE|MCMP)_[A-Z_]+)'/g,
  ]
  const codes = new Set(
    sources
      .filter((file) => file.startsWith('src/') && !file.startsWith('src/console/'))
      .map(read)
      .flatMap((text) => patterns.flatMap((pattern) => [...text.matchAll(pattern)]))
      .map(([, code = '']) => code)
      // Of the system and of Node.js.
      .filter((code) => !/^(?:E[A-Z]+|ERR_\w+)$/.test(code)),
  )
  assert.ok(codes.size > 70, `${codes.size}`)
  const page = read('docs/troubleshooting.md')
  const missing = [...codes].filter((code) => !page.includes(`\`${code}\``))
  assert.deepEqual(missing, [])
})

test('every promise of SECURITY.md names tests', () => {
  const [, promises = ''] = read('SECURITY.md').split('## What limits an attacker')
  const bullets = (promises.split('\n## ')[0] ?? '').split(/^- /m).slice(1)
  assert.ok(bullets.length > 20)
  const untested = bullets.filter(
    (bullet) => !/\]\(test\/[\w/-]+(?:\.timed)?\.test\.ts\)/.test(bullet),
  )
  assert.deepEqual(untested, [])
})

test('every section and decision that a comment cites stands in its page', () => {
  const rows = (page: string, pattern: RegExp): Set<string> =>
    new Set([...read(page).matchAll(pattern)].map(([, number = '']) => number))
  const sections = new Map(
    ['mcmp', 'mod-cluster-node'].map((name) => [
      name,
      rows(`docs/${name}.md`, /^#+ (\d+(?:\.\d+)?)\.? /gm),
    ]),
  )
  const decisions = rows('docs/mcmp.md', /^\| (\d+) +\|/gm)
  const wrong = sources.flatMap((file) => {
    const text = read(file)
    const cited = [...text.matchAll(/(mcmp|mod-cluster-node)\.md,? (\d+(?:\.\d+)?)/g)]
      .filter(([, page = '', section = '']) => sections.get(page)?.has(section) === false)
      .map(([citation]) => citation)
    const numbers = [...text.matchAll(/decisions? (\d+(?:(?:, | and | to |, and )\d+)*)/g)]
      .flatMap(([, list = '']) => list.match(/\d+/g) ?? [])
      .filter((number) => !decisions.has(number))
      .map((number) => `decision ${number}`)
    return [...cited, ...numbers].map((citation) => `${file}: ${citation}`)
  })
  assert.deepEqual(wrong, [])
})

for (const [script, what] of [
  ['api-pages.js', 'the pages of docs/api match the doc comments'],
  ['commands-page.js', 'the page of the commands matches their help'],
] as const)
  test(what, () => {
    const args = [join(root, 'scripts', script), '--check']
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
