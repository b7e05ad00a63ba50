// Bundles the web console (src/console/browser) with esbuild and compresses the files, once for all requests:
// `node scripts/console.js [FOLDER]`, by default where the compiled server looks for them. Called by the build.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { buildSync } from 'esbuild'
import { root } from './prepare.js'

const source = join(root, 'src', 'console', 'browser')
const folder = resolve(process.argv[2] ?? join(root, 'dist', 'src', 'console', 'files'))

const { outputFiles } = buildSync({
  entryPoints: ['main.tsx', 'style.css'].map((name) => join(source, name)),
  outdir: folder,
  entryNames: 'console-[hash]',
  bundle: true,
  minify: true,
  write: false,
  charset: 'utf8',
  legalComments: 'none',
  format: 'iife',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
})

rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const names = outputFiles.map(({ path, contents }) => {
  const name = path.slice(folder.length + 1)
  put(name, Buffer.from(contents))
  return name
})
const icon = readFileSync(join(source, 'icon.svg'))
const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8).toUpperCase()}.svg`
put(iconName, icon)
const page = readFileSync(join(source, 'index.html'), 'utf8')
  .replace('console.css', named('.css'))
  .replace('console.js', named('.js'))
  .replace('icon.svg', iconName)
put('index.html', Buffer.from(page))

function named(ending) {
  return names.find((name) => name.endsWith(ending))
}

function put(name, bytes) {
  writeFileSync(join(folder, name), bytes)
  writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes))
  writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
}
