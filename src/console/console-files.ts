// The files of the web console, in memory: read by the first request, compressed by scripts/console.js, which makes them.

import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { moduleFile } from '../base/module-file.ts'

export interface ConsoleFile {
  readonly contentType: string
  readonly etag: string
  /** Its name contains a hash of its bytes, so that they never change. */
  readonly isFixed: boolean
  readonly plain: Buffer
  /** By content coding; absent where it was not made. */
  readonly coded: ReadonlyMap<Coding, Buffer>
}

/** Content codings, the smaller first. */
export const codings = ['br', 'gzip'] as const
export type Coding = (typeof codings)[number]

const suffixes: Readonly<Record<Coding, string>> = { br: '.br', gzip: '.gz' }

const types: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
])

const defaultFolder = fileURLToPath(moduleFile('./files/', import.meta.url))

/** By name; none when they have not been made. */
export async function readConsoleFiles(
  folder: string = defaultFolder,
): Promise<ReadonlyMap<string, ConsoleFile>> {
  const names = await readdir(folder).catch((): string[] => [])
  const read = (name: string): Promise<Buffer> => readFile(join(folder, name))
  const files = new Map<string, ConsoleFile>()
  for (const name of names) {
    const contentType = types.get(extname(name))
    if (contentType === undefined) continue
    const plain = await read(name)
    const coded = new Map<Coding, Buffer>()
    for (const coding of codings) {
      const codedName = `${name}${suffixes[coding]}`
      if (names.includes(codedName)) coded.set(coding, await read(codedName))
    }
    const digest = createHash('sha256').update(plain).digest('base64url')
    files.set(name, {
      contentType,
      etag: digest.slice(0, 22),
      isFixed: /-[A-Z0-9]{8}\.\w+$/.test(name),
      plain,
      coded,
    })
  }
  return files
}
