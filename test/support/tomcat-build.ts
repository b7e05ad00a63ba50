// Compiles the Tomcat of test/interop with Maven, once for each state of its sources. The test files of
// the peers call it; where it cannot be had they skip and say why.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { underLock } from './build-lock.ts'

const project = fileURLToPath(new URL('../../../test/interop/tomcat/', import.meta.url))
const target = join(project, 'target')
const stamp = join(target, 'built')
const lock = join(project, 'target.lock')
/** A build that takes longer has died. */
const buildMs = 180_000

/** What `java -cp` needs. */
export const classPath: string = `${join(target, 'classes')}:${join(target, 'lib')}/*`

/** Why there is no Tomcat here; `undefined` when there is one. Throws when our own code does not compile. */
export async function whyNoTomcat(): Promise<string | undefined> {
  const version = /version "(\d+)/.exec(output('java', ['-version']) ?? '')?.[1]
  if (version === undefined) return 'java is not installed'
  if (Number(version) < 17) return `java is ${version}, and 17 is needed`
  if (output('mvn', ['-version']) === undefined) return 'mvn is not installed'
  // Maven builds one thing at a time.
  return underLock(lock, buildMs, build)
}

function build(): string | undefined {
  const sources = hashOfSources()
  if (isBuilt(sources)) return undefined
  rmSync(target, { recursive: true, force: true })
  const order = ['--batch-mode', '--quiet', 'process-classes']
  const { status, stdout } = spawnSync('mvn', order, {
    cwd: project,
    encoding: 'utf8',
    timeout: buildMs,
  })
  if (status === 0) {
    writeFileSync(stamp, sources)
    return undefined
  }
  if (stdout.includes('COMPILATION ERROR')) throw new Error(stdout)
  const reason = /\[ERROR\] (.*)/.exec(stdout)?.[1] ?? 'it did not end in time'
  return `mvn could not build the Tomcat: ${reason.slice(0, 300)}`
}

function isBuilt(sources: string): boolean {
  try {
    return readFileSync(stamp, 'utf8') === sources
  } catch {
    return false
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(join(project, 'pom.xml')))
  const files = readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' }).sort()
  for (const file of files.map((name) => join(project, 'src', name))) {
    if (statSync(file).isFile()) hash.update(file).update(readFileSync(file))
  }
  return hash.digest('hex')
}

/** Both outputs of a program; `undefined` when it is not there. */
function output(program: string, args: readonly string[]): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 })
  return error === undefined ? stdout + stderr : undefined
}
