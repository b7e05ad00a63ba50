// The declarations that the doors of topspin-agent need, and no others: a door's types name few of those that its code
// uses. Used by agent-package.js.
import { dirname, join, relative } from 'node:path'
import { found, moduleAt } from './declarations.js'

/**
 * @param folder of the compiled sources. @param doors declaration files in it, relative.
 * @returns the text of each declaration file, by its path in the folder.
 */
export function agentTypes(folder, doors) {
  /** Declarations by file. */
  const kept = new Map()
  const files = doors.map((door) => join(folder, door))
  for (const file of files) {
    kept.set(file, new Map())
    for (const name of moduleAt(file).exports.keys()) keep(file, name, kept)
  }
  return new Map(
    [...kept].map(([file, declarations]) => [
      relative(folder, file),
      textOf(file, declarations, files.includes(file)),
    ]),
  )
}

function keep(file, name, kept) {
  const declaration = found(file, name)
  if (declaration === undefined) return
  const inFile = kept.get(declaration.file) ?? new Map()
  kept.set(declaration.file, inFile)
  if (inFile.has(declaration.name)) return
  inFile.set(declaration.name, declaration)
  for (const word of wordsOf(declaration)) keep(declaration.file, word, kept)
}

function wordsOf({ code }) {
  return new Set(code.replace(/\/\*[\s\S]*?\*\//g, '').match(/[A-Za-z_$][\w$]*/g))
}

/** Each name is imported from the file that declares it. */
function textOf(file, declarations, isDoor) {
  const { imports, exports, others } = moduleAt(file)
  const words = new Set([...declarations.values()].flatMap((one) => [...wordsOf(one)]))
  const imported = [...imports]
    .filter(([name]) => words.has(name))
    .map(([name, from]) => `import ${namesFrom(file, name, from)}`)
  const reexported = isDoor
    ? [...exports]
        .filter(([name]) => !declarations.has(name))
        .map(([name, from]) => `export ${namesFrom(file, name, from)}`)
    : []
  return `${[
    ...others.filter((code) => words.has(/^import (?:type )?(?:\* as )?(\w+)/.exec(code)?.[1])),
    ...imported,
    ...reexported,
    ...[...declarations.values()].map(({ comment, code }) => `${comment}\n${code}`.trim()),
    // A declaration file without any is no module.
    'export {};',
  ].join('\n')}\n`
}

function namesFrom(file, name, source) {
  const declaration = source.file === undefined ? undefined : found(source.file, source.name)
  const [original, from] =
    declaration === undefined
      ? [source.name, source.from]
      : [declaration.name, specifier(file, declaration.file)]
  return `{ ${original === name ? name : `${original} as ${name}`} } from '${from}';`
}

function specifier(from, to) {
  const path = relative(dirname(from), to)
    .replaceAll('\\', '/')
    .replace(/\.d\.ts$/, '.js')
  return path.startsWith('.') ? path : `./${path}`
}
