// Reads declaration files (*.d.ts) as the compiler writes them: statements, the names that they declare, import and
// export. Used by api-pages.js and agent-types.js.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Declaration files that were read, by path. */
const modules = new Map()

/** The declaration that a name stands for in a file; `undefined` for what is not the package's own. */
export function found(file, name) {
  const { declarations, imports, exports } = moduleAt(file)
  const own = declarations.get(name)
  if (own !== undefined) return own
  const elsewhere = imports.get(name) ?? exports.get(name)
  return elsewhere?.file === undefined ? undefined : found(elsewhere.file, elsewhere.name)
}

/**
 * What a file declares, imports and exports, by name. Imports from elsewhere than the package have no `file`; `others` are
 * import statements without a list of names.
 */
export function moduleAt(file) {
  const known = modules.get(file)
  if (known !== undefined) return known
  const module = { declarations: new Map(), imports: new Map(), exports: new Map(), others: [] }
  modules.set(file, module)
  for (const { code, comment, doc } of statements(readFileSync(file, 'utf8'))) {
    const list = /^(import|export)(?: type)? \{([^}]*)\}(?: from '([^']+)')?/.exec(code)
    if (list !== null) addNames(module, file, list)
    else if (code.startsWith('import ')) module.others.push(code)
    const start = /^(?:export )?(?:declare )?(interface|type|class|function|const) (\w+)/.exec(code)
    if (start === null) continue
    const [, kind, name] = start
    module.declarations.set(name, { key: `${file} ${name}`, file, name, kind, code, comment, doc })
    if (code.startsWith('export ')) module.exports.set(name, {})
  }
  return module
}

function addNames(module, file, [, word, names, from]) {
  const target = from?.startsWith('.')
    ? resolve(dirname(file), from.replace(/\.ts$/, '.d.ts'))
    : undefined
  for (const item of names.split(',')) {
    const [, name, as = name] = /^\s*(?:type )?(\w+)(?: as (\w+))?/.exec(item) ?? []
    if (name === undefined) continue
    if (word === 'import') module.imports.set(as, { file: target, name, from })
    else module.exports.set(as, { file: target, name })
  }
}

/** Statements, or members of a type, each with the doc comment in front of it: `comment` as it is, `doc` as Markdown. */
export function statements(text) {
  const result = []
  let comment = ''
  let at = 0
  while (at < text.length) {
    const space = /^(?:\s+|\/\/.*|\/\*(?!\*)[\s\S]*?\*\/)/.exec(text.slice(at))
    if (space !== null) {
      at += space[0].length
      continue
    }
    if (text.startsWith('/**', at)) {
      const end = text.indexOf('*/', at)
      comment = text.slice(at, end + 2)
      at = end + 2
      continue
    }
    const end = statementEnd(text, at)
    result.push({ code: text.slice(at, end).trim(), comment, doc: plain(comment.slice(3, -2)) })
    comment = ''
    at = end
  }
  return result
}

/** Behind the semicolon, or behind the brace where a class or an interface ends. */
function statementEnd(text, from) {
  const isBlock = /^(?:export )?(?:declare )?(?:class|interface) /.test(text.slice(from, from + 40))
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const skipped = /^(?:\/\*[\s\S]*?\*\/|'[^'\n]*'|"[^"\n]*"|`[^`]*`)/.exec(
      text.slice(i, i + 4_000),
    )
    if (skipped !== null) i += skipped[0].length - 1
    else if ('({['.includes(text[i])) depth++
    else if (')}]'.includes(text[i])) depth--
    if (depth === 0 && (text[i] === ';' || (isBlock && text[i] === '}'))) return i + 1
  }
  return text.length
}

/** Without the stars; lines are joined but for lists, tables and examples. */
function plain(comment) {
  return comment.replace(/^\s*\* ?/gm, '').trim()
}
