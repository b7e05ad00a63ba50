// Puts the package topspin-agent together from a build: `node scripts/agent-package.js [FOLDER]`, by default
// dist/topspin-agent. It is the import closure of the doors agent, peer and auto, needs no package, and is checked for that
// and for its size. The code is bundled, because the closure is some 450 files with comments. Names of functions, classes
// and methods stay, so stack traces can be read without a source map.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { buildSync, transformSync } from 'esbuild'
import { agentTypes } from './agent-types.js'
import { root } from './prepare.js'

/** Bytes of all files together. */
const sizeLimit = 600_000
/** What the front proxy alone does (src/forward/front-parts.ts). */
const ofTheProxy = /\/(?:wire\/ajp\/|forward\/node\/ajp-|forward\/rules\/rules?\.js)/
/** Files of the doors, without their ending. The first is the door of the bare name, too. */
const doors = { './agent': 'agent/index', './peer': 'peer/index', './auto': 'auto' }
const target = 'node20.19'

const compiled = join(root, 'dist', 'src')
const folder = resolve(process.argv[2] ?? join(root, 'dist', 'topspin-agent'))
let size = 0

rmSync(folder, { recursive: true, force: true })
for (const [path, text] of codeFiles()) put(join('dist', path), text)
const declarations = Object.values(doors).map((door) => `${door}.d.ts`)
for (const [path, text] of agentTypes(compiled, declarations)) put(join('dist', path), text)
put('package.json', `${JSON.stringify(description(), null, 2)}\n`)
put('README.md', readFileSync(join(root, 'scripts', 'agent-package.md'), 'utf8'))
put('LICENSE', readFileSync(join(root, 'LICENSE'), 'utf8'))
if (size > sizeLimit) throw new Error(`topspin-agent has ${size} bytes, more than ${sizeLimit}`)
console.log(`${folder}: ${size} bytes`)

function put(name, text) {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  size += Buffer.byteLength(text)
}

/** One file for each door, and what they share. */
function codeFiles() {
  const { outputFiles, metafile } = buildSync({
    entryPoints: Object.values(doors).map((door) => join(compiled, `${door}.js`)),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    outdir: folder,
    outbase: compiled,
    chunkNames: 'shared-[hash]',
    metafile: true,
    write: false,
  })
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  const carried = inputs.filter(([path, part]) => part.bytesInOutput > 0 && ofTheProxy.test(path))
  if (carried.length > 0)
    throw new Error(`topspin-agent carries ${carried.map(([path]) => path).join(', ')}`)
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports)
  const foreign = imported.filter(({ path, external }) => external && !path.startsWith('node:'))
  if (foreign.length > 0)
    throw new Error(`topspin-agent imports ${foreign.map(({ path }) => path).join(', ')}`)
  return outputFiles.map(({ path, text }) => [path.slice(folder.length + 1), shortened(text)])
}

/**
 * Shortens the names of variables inside functions, and no others: the imports and exports of a module are set aside, since
 * esbuild keeps the outermost names of a script alone. Node.js prints the line that failed, hence the limit.
 */
function shortened(module) {
  const outside = /^(?:import (?:[^;]* from )?"[^"\n]+"|export \{[^}]*\});$/gm
  const statements = module.match(outside) ?? []
  const { code } = transformSync(module.replace(outside, ''), {
    minify: true,
    lineLimit: 320,
    platform: 'node',
    target,
  })
  const lines = statements.map((text) => text.replace(/\s+/g, ' '))
  return `${lines.filter((text) => text.startsWith('import')).join('\n')}\n${code}${lines.filter((text) => text.startsWith('export')).join('\n')}\n`
}

function description() {
  const { version, homepage, bugs, repository, license, engines } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const entry = (door) => ({ types: `./dist/${door}.d.ts`, default: `./dist/${door}.js` })
  const [first] = Object.values(doors)
  const names = Object.entries(doors).map(([path, door]) => [path.slice(2), entry(door)])
  return {
    name: 'topspin-agent',
    version,
    description:
      'Registers a Node.js server with Topspin, Apache httpd and other mod_cluster proxies, or lets servers share requests as peers. No dependencies',
    keywords: ['load-balancer', 'mod_cluster', 'service-registration', 'graceful-shutdown', 'peer'],
    homepage,
    bugs,
    repository,
    license,
    type: 'module',
    sideEffects: [`./dist/${doors['./auto']}.js`],
    engines,
    // For the resolution `node10` of TypeScript, which does not read `exports`.
    main: entry(first).default,
    types: entry(first).types,
    typesVersions: { '*': Object.fromEntries(names.map(([name, { types }]) => [name, [types]])) },
    exports: {
      '.': entry(first),
      ...Object.fromEntries(Object.entries(doors).map(([name, door]) => [name, entry(door)])),
      './package.json': './package.json',
    },
    files: ['dist'],
  }
}
