// The code blocks of the pages, with what an invisible comment above a block says about it:
//   <!-- not run: REASON -->         nothing checks it
//   <!-- file: NAME -->              the story of the page has it under this name
//   <!-- starts: TEXT -->            the story starts it in the background and waits until it prints this
//   <!-- runs: TEXT -->              the story runs it to its end, and it prints this (which may be empty)
//   <!-- serves: PORT PORT -->       the story's proxy has this configuration from here on, with nodes at these ports
//   <!-- joins: NAME -->             the story starts this program, which registers with the proxy, until it has been asked
//   <!-- asks: ARGUMENTS => TEXT & TEXT -->  what curl prints for these arguments has these texts; !TEXT is not there
//   <!-- given: const a: T; ... -->  names that a program uses and other lines of the page explain

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from './packed-package.ts'

export interface Snippet {
  /** From the root of the repository. */
  readonly page: string
  /** Of its first line, as editors count. */
  readonly line: number
  readonly language: string
  readonly text: string
  readonly marks: ReadonlyMap<Mark, string>
}

type Mark = 'not run' | 'file' | 'starts' | 'runs' | 'serves' | 'joins' | 'asks' | 'given'

const marksKnown: readonly string[] = [
  'not run',
  'file',
  'starts',
  'runs',
  'serves',
  'joins',
  'asks',
  'given',
] satisfies Mark[]

/** Pages that people read; those in docs/api show declarations and have a test of their own. */
export function pagesWithSnippets(): readonly string[] {
  const below = readdirSync(join(repository, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.md') && !name.startsWith('docs/api/'))
  return ['README.md', 'CONTRIBUTING.md', 'examples/README.md', ...below.sort()]
}

export function snippetsOf(page: string): readonly Snippet[] {
  const lines = readFileSync(join(repository, page), 'utf8').split('\n')
  const snippets: Snippet[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', fence = '', language = ''] =
      /^( *)(```+)(\w*)$/.exec(lines[at] ?? '') ?? []
    if (fence === '') continue
    const end = lines.indexOf(indent + fence, at + 1)
    if (end < 0) throw new Error(`${page}:${at + 1}: the block has no end`)
    const text = lines.slice(at + 1, end).map((line) => `${line.slice(indent.length)}\n`)
    const marks = marksAbove(lines, at, page)
    snippets.push({ page, line: at + 2, language, text: text.join(''), marks })
    at = end
  }
  return snippets
}

/** Comments on the lines directly above, with or without an empty line between. */
function marksAbove(lines: readonly string[], fence: number, page: string): Map<Mark, string> {
  const marks = new Map<Mark, string>()
  for (let at = fence - 1; at >= 0; at--) {
    const line = lines[at] ?? ''
    if (line.trim() === '') continue
    const [, name = '', value = ''] = /^ *<!-- ([a-z ]+): ?(.*?) ?-->$/.exec(line) ?? []
    if (name === '') break
    if (!marksKnown.includes(name)) throw new Error(`${page}:${at + 1}: no such mark: ${name}`)
    const below = marks.get(name as Mark)
    marks.set(name as Mark, below === undefined ? value : `${value}\n${below}`)
  }
  return marks
}

export const placeOf = ({ page, line }: Snippet): string => `${page}:${line}`
