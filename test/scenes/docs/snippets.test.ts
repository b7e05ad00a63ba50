// What the pages show is right: configurations are accepted, commands have flags that exist, programs compile against the
// package, and what is marked to run does, in the order of its page.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isKnownVariable, refusalOf, topspinArguments } from '../../support/command-line.ts'
import { givenNames } from '../../support/given-names.ts'
import { repository } from '../../support/packed-package.ts'
import { runStory } from '../../support/page-story.ts'
import { problemsOf } from '../../support/rules-fixture.ts'
import { commandsIn } from '../../support/shell-words.ts'
import { pagesWithSnippets, placeOf, type Snippet, snippetsOf } from '../../support/snippets.ts'

const pages = pagesWithSnippets()
const snippets = pages.flatMap(snippetsOf)
const shown = snippets.filter(({ marks }) => !marks.has('not run'))
const inLanguages = (...languages: string[]): readonly Snippet[] =>
  shown.filter(({ language }) => languages.includes(language))

test('every configuration of the pages is one that the proxy takes', (t) => {
  const configurations = inLanguages('yaml')
  assert.ok(configurations.length >= 40)
  const wrong = configurations.flatMap((snippet) =>
    problemsOf(snippet.text).map((problem) => `${placeOf(snippet)}: ${problem}`),
  )
  assert.deepEqual(wrong, [])
  t.diagnostic(`${configurations.length} configurations`)
})

test('every command of the pages has flags and variables that exist', async (t) => {
  let count = 0
  for (const snippet of inLanguages('sh', 'bash')) {
    for (const [, name = ''] of snippet.text.matchAll(/\bTOPSPIN_(\w+)=/g))
      assert.ok(isKnownVariable(name), `${placeOf(snippet)}: TOPSPIN_${name}`)
    for (const words of commandsIn(snippet.text)) {
      const given = topspinArguments(words)
      if (given === undefined) continue
      count++
      assert.equal(await refusalOf(given), '', `${placeOf(snippet)}: topspin ${given.join(' ')}`)
    }
  }
  assert.ok(count >= 50)
  t.diagnostic(`${count} commands of topspin`)
})

/** `topspin route` is text that is signed (docs/candidacy.md). */
const signedLabel = 'route'

test('every command in the text of a page exists, with its flags', async () => {
  const wrong: string[] = []
  for (const page of pages)
    for (const [, command = ''] of textOf(page).matchAll(/`topspin ([^`]+)`/g)) {
      const [words = []] = commandsIn(command)
      if (words[0] === signedLabel) continue
      const refusal = await refusalOf(words)
      // The text may name a command without what it needs.
      if (/unknown (?:option|command)/.test(refusal)) wrong.push(`${page}: ${command}: ${refusal}`)
    }
  assert.deepEqual(wrong, [])
})

test('every program of the pages compiles against the package', (t) => {
  const programs = inLanguages('js', 'ts')
  assert.ok(programs.length >= 25)
  const folder = mkdtempSync(join(repository, 'dist', 'snippets-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const options = {
    module: 'nodenext',
    target: 'es2023',
    // Programs in JavaScript: what may be undefined is theirs to know.
    strict: true,
    noImplicitAny: false,
    strictNullChecks: false,
    skipLibCheck: true,
    noEmit: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
  writeFileSync(join(folder, 'given.d.ts'), givenNames)
  programs.forEach((snippet, index) => {
    const inner = join(folder, `${index}-${snippet.page.replace(/\W/g, '-')}-${snippet.line}`)
    mkdirSync(inner)
    // Each is a module, whose names are its own.
    const given = (snippet.marks.get('given') ?? '').replace(/\b(?=const |function )/g, 'declare ')
    writeFileSync(join(inner, 'snippet.ts'), `${given}\n${snippet.text}\nexport {}\n`)
  })
  const compiler = join(repository, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', folder], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout)
  t.diagnostic(`${programs.length} programs`)
})

test('JSON of the pages is JSON', () => {
  for (const { text } of inLanguages('json')) JSON.parse(text)
})

for (const page of pages) {
  const marked = snippets.filter((snippet) => snippet.page === page && isOfStory(snippet))
  if (marked.length === 0) continue
  test(`the story of ${page} runs as it is told`, async (t) => {
    await runStory(t, marked)
    t.diagnostic(`${marked.length} blocks`)
  })
}

test('a block that nothing checks gives a reason', (t) => {
  const reasons = new Map<string, number>()
  for (const snippet of snippets) {
    const reason = snippet.marks.get('not run')
    if (reason === undefined) continue
    assert.match(reason, /^.{10,}$/, placeOf(snippet))
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  for (const [reason, count] of reasons) t.diagnostic(`not run: ${count} (${reason})`)
})

function isOfStory({ marks }: Snippet): boolean {
  return (['file', 'starts', 'runs', 'serves', 'joins', 'asks'] as const).some((mark) =>
    marks.has(mark),
  )
}

/** Without its blocks. */
function textOf(page: string): string {
  return readFileSync(join(repository, page), 'utf8').replace(/^( *)```[\s\S]*?^\1```$/gm, '')
}
