// Generated text in the form that `npm run check` wants, which lays out tables and code.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './prepare.js'

/** @param path of the file that it is for, from the root. */
export function formatted(path, text) {
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')
  const args = [biome, 'format', `--stdin-file-path=${path}`]
  const options = { cwd: root, input: text, encoding: 'utf8' }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options)
  if (status !== 0) throw new Error(stderr)
  return stdout
}
