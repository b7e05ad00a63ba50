// Where the configuration comes from: defaults < file < environment < flags. Finds all problems of
// all sources at once and says for each where it stands, what is wrong and what would be right.

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { suggest } from '../base/suggest.ts'
import { withAbsolutePolicies } from './policy-paths.ts'
import {
  type Config,
  configJsonSchema,
  type Issue,
  type JsonSchema,
  parseConfig,
} from './schema.ts'

export interface Sources {
  readonly file?: { readonly name: string; readonly text: string } | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Raw values by dotted path, with the flag that gave each. */
  readonly flags: readonly {
    readonly flag: string
    readonly path: string
    readonly value: string | readonly string[]
  }[]
}

export interface Problem {
  /** `topspin.yaml:3:11`, `TOPSPIN_LISTEN` or `--listen`. */
  readonly place: string
  /** Dotted, `listen[0]`; '' for the file as a whole, and where the place says it. */
  readonly path: string
  readonly message: string
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] }

type Path = readonly (string | number)[]
type Tree = Record<string, unknown>

/** Reads the file, when one is named, and the rest with it. A file that cannot be read is a problem, too. */
export function loadConfig(name: string | undefined, sources: Omit<Sources, 'file'>): ConfigResult {
  if (name === undefined) return readConfig(sources)
  try {
    return readConfig({ ...sources, file: { name, text: readFileSync(name, 'utf8') } })
  } catch (error) {
    return {
      ok: false,
      problems: [{ place: name, path: '', message: `cannot be read: ${(error as Error).message}` }],
    }
  }
}

export function readConfig(sources: Sources): ConfigResult {
  const file = readFile(sources.file)
  const above = readNamedValues(sources)
  const problems = [...file.problems, ...above.problems]
  if (problems.length > 0) return { ok: false, problems }
  const result = parseConfig(merge(file.tree, above.tree))
  if (result.ok) {
    const folder = sources.file === undefined ? '.' : dirname(sources.file.name)
    return { ok: true, config: withAbsolutePolicies(result.config, folder) }
  }
  return { ok: false, problems: result.issues.map((issue) => problemOf(issue, 'configuration')) }
}

/** The variables that the environment may set, by name: `TOPSPIN_CONTROL_LISTEN` is `control.listen`. */
export function environmentNames(
  schema: JsonSchema = configJsonSchema(),
): ReadonlyMap<string, readonly string[]> {
  return new Map(leavesOf(schema).map((path) => [environmentName(path), path]))
}

export function environmentName(path: readonly string[]): string {
  const words = path.map((step) => step.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
  return `TOPSPIN_${words.join('_')}`
}

export function formatProblem(problem: Problem): string {
  const subject = problem.path === '' ? '' : `${problem.path}: `
  return `${problem.place}: ${subject}${problem.message}`
}

function readFile(file: Sources['file']): { tree: Tree; problems: readonly Problem[] } {
  if (file === undefined) return { tree: {}, problems: [] }
  const lines = new LineCounter()
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false })
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file.name}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    return {
      tree: {},
      problems: document.errors.map((error) => ({
        place: placeAt(error.pos[0]),
        path: '',
        message: error.message,
      })),
    }
  }
  const raw = (document.toJS() ?? {}) as unknown
  const result = parseConfig(raw)
  if (result.ok) return { tree: raw as Tree, problems: [] }
  const problems = result.issues
    .map((issue) => ({ issue, offset: offsetOf(document, issue) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ issue, offset }) => problemOf(issue, placeAt(offset)))
  return { tree: {}, problems }
}

/** The environment and the flags; what both name, the flags decide. */
function readNamedValues(sources: Sources): { tree: Tree; problems: readonly Problem[] } {
  const values = new Map<string, { place: string; path: readonly string[]; value: unknown }>()
  for (const [place, path] of environmentNames()) {
    const value = sources.environment[place]
    if (value !== undefined && value !== '') values.set(path.join('.'), { place, path, value })
  }
  for (const { flag, path, value } of sources.flags) {
    values.set(path, {
      place: flag,
      path: path.split('.'),
      value: Array.isArray(value) ? value.join(',') : value,
    })
  }
  const tree: Tree = {}
  for (const { path, value } of values.values()) setAt(tree, path, value)
  const result = parseConfig(tree)
  if (result.ok) return { tree, problems: [] }
  const problems = result.issues.map((issue) => {
    const found = [...values].find(([path]) => pathText(issue.path).startsWith(path))
    // The name of the variable or flag says already which value is meant.
    return { ...problemOf(issue, found?.[1].place ?? 'environment'), path: '' }
  })
  return { tree, problems }
}

function problemOf(issue: Issue, place: string): Problem {
  if (!issue.unknownKey) return { place, path: pathText(issue.path), message: issue.message }
  const key = String(issue.path.at(-1))
  const known = knownKeys(issue.path.slice(0, -1))
  const nearest = suggest(key, known)
  const hint =
    nearest === undefined ? `known here: ${known.join(', ')}` : `did you mean ${nearest}?`
  return { place, path: pathText(issue.path), message: `unknown key; ${hint}` }
}

function knownKeys(path: Path): string[] {
  let schema: JsonSchema | undefined = configJsonSchema()
  for (const step of path) {
    schema = typeof step === 'number' ? schema?.items : schema?.properties?.[step]
  }
  return Object.keys(schema?.properties ?? {})
}

function leavesOf(schema: JsonSchema, path: readonly string[] = []): (readonly string[])[] {
  if (schema.properties === undefined) return [path]
  return Object.entries(schema.properties).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, key]),
  )
}

/** Where in the text the issue stands: the key when the key is wrong, else the value or the nearest thing around it. */
function offsetOf(document: Document, issue: Issue): number {
  for (let length = issue.path.length; length > 0; length--) {
    const path = issue.path.slice(0, length)
    const whole = length === issue.path.length
    const node =
      whole && issue.unknownKey
        ? keyNode(document, path)
        : (document.getIn(path, true) as Node | undefined)
    if (node?.range) return node.range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

function keyNode(document: Document, path: Path): Node | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(
    (item) => isScalar(item.key) && String(item.key.value) === path.at(-1),
  )
  return pair?.key as Node | undefined
}

function pathText(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')
}

function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path
  if (rest.length === 0) {
    tree[key] = value
    return
  }
  const inner = (tree[key] ?? {}) as Tree
  tree[key] = inner
  setAt(inner, rest, value)
}

function merge(below: Tree, above: Tree): Tree {
  const merged: Tree = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key]
    merged[key] = isTree(value) ? merge(isTree(under) ? under : {}, value) : value
  }
  return merged
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
