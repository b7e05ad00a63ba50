// A package as npm would publish it, unpacked below a node_modules folder. No registry is asked, so it has no dependencies
// but those of the repository.

import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const repository: string = fileURLToPath(new URL('../../../', import.meta.url))

/** @param source folder of the package. @returns the unpacked folder in `modules`. */
export async function installPacked(source: string, modules: string): Promise<string> {
  await mkdir(modules, { recursive: true })
  const arguments_ = ['pack', '--ignore-scripts', '--json', '--pack-destination', modules]
  const { stdout } = await run('npm', arguments_, { cwd: source })
  const [{ filename, name }] = JSON.parse(stdout) as [{ filename: string; name: string }]
  const target = join(modules, name)
  await mkdir(target)
  await run('tar', ['-xzf', join(modules, filename), '--strip-components=1', '-C', target])
  await rm(join(modules, filename))
  const { dependencies = {} } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'))
  await linkModules(Object.keys(dependencies), modules)
  return target
}

/** Packages of the repository. */
export async function linkModules(names: readonly string[], modules: string): Promise<void> {
  for (const name of names) {
    const target = join(modules, name)
    await mkdir(join(target, '..'), { recursive: true })
    await symlink(join(repository, 'node_modules', name), target)
  }
}
