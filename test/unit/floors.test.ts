// The house of ARCHITECTURE.md as a test: a file imports its own floor and lower ones only, services
// never import each other, nothing imports in a circle, and the agent's door stays light.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Lowest first. Rooms of one row may not import each other when the row says `apart`. */
const floors: readonly { rooms: readonly string[]; apart?: true }[] = [
  { rooms: ['base'] },
  { rooms: ['wire'] },
  { rooms: ['cluster'] },
  { rooms: ['candidacy'] },
  { rooms: ['net', 'host', 'node-internals'] },
  { rooms: ['forward'] },
  { rooms: ['proxy', 'control', 'agent', 'peer'], apart: true },
  { rooms: ['config'] },
  { rooms: ['server'] },
  { rooms: ['cli', '.'] },
]

/** Doors that open with Node.js alone: no package. Rooms that they may not reach, the proxy's. */
const lightDoors: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...['agent/index.ts', 'agent/auto.ts', 'mcmp.ts'].map(
    (door) => [door, ['forward', 'proxy', 'control', 'cli', 'candidacy']] as const,
  ),
  ...['auto.ts', 'peer/index.ts'].map((door) => [door, ['proxy', 'control', 'cli']] as const),
])

const root = fileURLToPath(new URL('../../../', import.meta.url))
const src = join(root, 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'))
const imports = new Map(files.map((file) => [file, importsOf(file)]))
/** Two files may speak of each other's types; what runs may not wait for itself. */
const valueImports = new Map(files.map((file) => [file, importsOf(file, 'values')]))

test('every folder of src has a floor', () => {
  const known = new Set(floors.flatMap((floor) => floor.rooms))
  for (const file of files) assert.ok(known.has(room(file)), `${file}: no floor for ${room(file)}/`)
})

test('a file imports its own floor and lower floors only', () => {
  for (const [file, targets] of imports) {
    for (const target of targets.files) {
      const [from, to] = [floorOf(file), floorOf(target)]
      assert.ok(from >= to, `${file} (floor ${from}) imports ${target} (floor ${to})`)
      const apart = from === to && floors[from]?.apart === true && room(file) !== room(target)
      assert.ok(!apart, `${file} imports ${target}: ${room(file)}/ and ${room(target)}/ stay apart`)
    }
  }
})

test('no file imports itself through others, types left aside', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `import cycle: ${[...path, file].join(' -> ')}`)
    if (done.has(file)) return
    for (const target of valueImports.get(file)?.files ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

test('the doors for applications need no package and reach nothing of the proxy', () => {
  for (const [door, heavyRooms] of lightDoors) {
    assert.ok(imports.has(door), `${door} is missing`)
    for (const file of closure(door)) {
      assert.ok(!heavyRooms.includes(room(file)), `${door} reaches ${file}`)
      assert.deepEqual(
        imports.get(file)?.packages,
        [],
        `${file}, reached from ${door}, needs packages`,
      )
    }
  }
})

function importsOf(
  file: string,
  which: 'all' | 'values' = 'all',
): { files: string[]; packages: string[] } {
  const text = readFileSync(join(src, file), 'utf8')
  const specifiers = [...text.matchAll(/^(?:import|export)\b[^'";]*?\bfrom\s+'([^']+)'/gm)]
    .concat([...text.matchAll(/^import\s+'([^']+)'/gm)])
    .concat([...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)])
    .filter((match) => which === 'all' || !/^(?:import|export) type\b/.test(match[0]))
    .map((match) => match[1] ?? '')
  return {
    files: specifiers
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(src, resolve(src, dirname(file), name)).replaceAll('\\', '/')),
    packages: specifiers.filter((name) => !name.startsWith('.') && !name.startsWith('node:')),
  }
}

function closure(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const target of imports.get(file)?.files ?? []) closure(target, seen)
  return seen
}

function room(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '.'
}

function floorOf(file: string): number {
  return floors.findIndex((floor) => floor.rooms.includes(room(file)))
}
