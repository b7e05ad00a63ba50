// Writes what runs, as `npm install --omit=dev` would, from this checkout after a build and without a registry:
// `node scripts/install-tree.js FOLDER`. For the container image and the Debian package.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './prepare.js'

const folder = resolve(process.argv[2] ?? '')
if (folder === root || process.argv[2] === undefined) {
  console.error('usage: node scripts/install-tree.js FOLDER')
  process.exit(2)
}
mkdirSync(folder, { recursive: true })

const packed = join(folder, 'packed')
mkdirSync(packed)
const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', packed]
const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }))
execFileSync('tar', ['-xzf', join(packed, filename), '--strip-components=1', '-C', folder])
rmSync(packed, { recursive: true })

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
for (const [path, { dev, devOptional, optional }] of Object.entries(packages)) {
  if (path === '' || dev || devOptional || optional) continue
  // A package inside another one comes with it.
  if (path.lastIndexOf('node_modules/') > 0) continue
  cpSync(join(root, path), join(folder, path), { recursive: true, dereference: true })
}
