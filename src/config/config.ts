// Reads the configuration from all its sources: defaults < file < environment < flags. Reports all problems of all
// sources at once, each with its place and with what would be right.

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { unknownVariables } from '../base/environment.ts'
import { suggest } from '../base/suggest.ts'
import { type ConfigKey, configKeys, variableOf } from './keys.ts'
import { type Origin, type Origins, originsInFile } from './origins.ts'
import { withAbsolutePaths } from './policy-paths.ts'
import type { ConfigProblem } from './problem.ts'
import {
  type Config,
  type ConfigIssue,
  configJsonSchema,
  type JsonSchema,
  validateConfig,
} from './schema.ts'
import { expandShortForms, shortForms } from './short-forms.ts'

export interface ConfigSources {
  readonly file?: { readonly name: string; readonly text: string } | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Raw values by key, each with its flag. */
  readonly flags: readonly {
    readonly flag: string
    readonly path: string
    readonly value: string | readonly string[]
  }[]
}

export type ConfigResult =
  | {
      readonly ok: true
      readonly config: Config
      /** There is a file, and it sets no key. */
      readonly isEmpty: boolean
      readonly origins: Origins
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

type Path = readonly (string | number)[]
type Tree = Record<string, unknown>

/** Reads the file with this name, if there is a name, and the other sources. */
export function loadConfig(
  name: string | undefined,
  sources: Omit<ConfigSources, 'file'>,
): ConfigResult {
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

export function readConfig(sources: ConfigSources): ConfigResult {
  const file = readFile(sources.file)
  const above = readNamedValues(sources)
  const problems = [...file.problems, ...above.problems, ...misspeltVariables(sources)]
  if (problems.length > 0) return { ok: false, problems }
  const result = validateConfig(merge(file.tree, above.tree))
  if (result.ok) {
    const folder = sources.file === undefined ? '.' : dirname(sources.file.name)
    const isEmpty = sources.file !== undefined && Object.keys(file.tree).length === 0
    const unused = unusedSecret(sources.environment, result.config)
    if (unused !== undefined) return { ok: false, problems: [unused] }
    const origins = new Map([...file.origins, ...above.origins])
    return { ok: true, config: withAbsolutePaths(result.config, folder), isEmpty, origins }
  }
  return { ok: false, problems: result.issues.map((issue) => problemOf(issue, 'configuration')) }
}

/** Checks options of a program, which have the form of a configuration file. Relative paths start from the working directory. */
export function readOptions(options: object): ConfigResult {
  const result = validateConfig(options)
  if (!result.ok)
    return { ok: false, problems: result.issues.map((issue) => problemOf(issue, 'options')) }
  const config = withAbsolutePaths(result.config, '.')
  return { ok: true, config, isEmpty: false, origins: new Map() }
}

function readFile(file: ConfigSources['file']): {
  tree: Tree
  origins: readonly [string, Origin][]
  problems: readonly ConfigProblem[]
} {
  if (file === undefined) return { tree: {}, origins: [], problems: [] }
  const lines = new LineCounter()
  const document = parseDocument(file.text, { lineCounter: lines, prettyErrors: false })
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file.name}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    return {
      tree: {},
      origins: [],
      problems: document.errors.map((error) => ({
        place: placeAt(error.pos[0]),
        path: '',
        message: error.message,
      })),
    }
  }
  const raw = (document.toJS() ?? {}) as unknown
  const result = validateConfig(raw)
  if (result.ok) {
    const origins = originsInFile(document, placeAt)
    return { tree: expandShortForms(raw) as Tree, origins, problems: [] }
  }
  const problems = result.issues
    .map((issue) => ({ issue, offset: offsetOf(document, issue) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ issue, offset }) => problemOf(issue, placeAt(offset)))
  return { tree: {}, origins: [], problems }
}

/** The environment and the flags, which outrank it. */
function readNamedValues(sources: ConfigSources): {
  tree: Tree
  origins: readonly [string, Origin][]
  problems: readonly ConfigProblem[]
} {
  const values = new Map<string, { place: string; path: readonly string[]; value: unknown }>()
  for (const { name, steps, variable } of variables()) {
    const value = sources.environment[variable]
    if (value !== undefined && value !== '')
      values.set(name, { place: variable, path: steps, value })
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
  const result = validateConfig(tree)
  const origins = [...values].map(([name, { place }]): [string, Origin] => [
    name,
    { source: place.startsWith('--') ? 'flag' : 'environment', place },
  ])
  if (result.ok) return { tree, origins, problems: [] }
  const problems = result.issues.map((issue) => {
    const found = [...values].find(([path]) => pathText(issue.path).startsWith(path))
    // The name of the variable or flag stands for the key.
    return { ...problemOf(issue, found?.[1].place ?? 'environment'), path: '' }
  })
  return { tree, origins: [], problems }
}

function misspeltVariables({ environment }: ConfigSources): ConfigProblem[] {
  const known = new Set(variables().map(({ variable }) => variable))
  return unknownVariables(environment, known, true).map((sentence) => {
    const [place = '', ...words] = sentence.split(' ')
    return { place, path: '', message: words.join(' ') }
  })
}

/** The variable for nodes and commands, where the proxy has no secret: its control listener would be open. */
function unusedSecret(
  environment: ConfigSources['environment'],
  { control }: Config,
): ConfigProblem | undefined {
  if (control.secret !== undefined || control.secretFile !== undefined) return undefined
  const [place, own] = environment['TOPSPIN_SECRET_FILE']
    ? ['TOPSPIN_SECRET_FILE', 'TOPSPIN_CONTROL_SECRET_FILE']
    : ['TOPSPIN_SECRET', 'TOPSPIN_CONTROL_SECRET']
  if (!environment[place]) return undefined
  const message = `is the secret that nodes and commands send; the proxy requires one only if ${own} is set, too`
  return { place, path: '', message }
}

/** The environment variables of all keys, and those of the short forms. */
function variables(): Pick<ConfigKey, 'name' | 'steps' | 'variable'>[] {
  const short = [...shortForms].map(([section, key]) => ({
    name: `${section}.${key}`,
    steps: [...section.split('.'), key],
    variable: variableOf(section.split('.')),
  }))
  return [...configKeys(), ...short]
}

function problemOf(issue: ConfigIssue, place: string): ConfigProblem {
  if (!issue.unknownKey) return { place, path: pathText(issue.path), message: issue.message }
  const key = String(issue.path.at(-1))
  const known = knownKeys(issue.path.slice(0, -1))
  const nearest = suggest(key, known)
  const inner = known.find((name) => knownKeys([...issue.path.slice(0, -1), name]).includes(key))
  const others =
    nearest === undefined ? `known here: ${known.join(', ')}` : `did you mean ${nearest}?`
  const hint = inner === undefined ? others : `it belongs in \`${inner}\``
  return { place, path: pathText(issue.path), message: `unknown key; ${hint}` }
}

function knownKeys(path: Path): string[] {
  let schema: JsonSchema | undefined = configJsonSchema()
  for (const step of path) {
    schema = typeof step === 'number' ? schema?.items : schema?.properties?.[step]
  }
  return schema?.keys ? [...schema.keys] : Object.keys(schema?.properties ?? {})
}

/** Offset of the issue in the text: of an unknown key itself, else of the value or the nearest node around it. */
function offsetOf(document: Document, issue: ConfigIssue): number {
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
