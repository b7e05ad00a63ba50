// The structure that ARCHITECTURE.md describes: floors, services apart from each other, no import circles, the rooms of
// forward/, and doors for applications that need no package.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Lowest first. Rooms of a row with `apart` may not import each other. */
const floors: readonly { rooms: readonly string[]; apart?: true }[] = [
  { rooms: ['base'] },
  { rooms: ['wire'] },
  { rooms: ['cluster'] },
  { rooms: ['candidacy'] },
  { rooms: ['net', 'host', 'node-internals'] },
  { rooms: ['forward'] },
  { rooms: ['proxy', 'control', 'agent', 'peer', 'console'], apart: true },
  { rooms: ['config'] },
  { rooms: ['server'] },
  { rooms: ['cli', '.'] },
]

/** Doors that need no package, with the rooms that they may not reach. */
const lightDoors: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...['agent/index.ts', 'agent/auto.ts', 'mcmp.ts'].map(
    (door) => [door, ['forward', 'proxy', 'control', 'cli', 'candidacy']] as const,
  ),
  ...['auto.ts', 'peer/index.ts'].map(
    (door) => [door, ['proxy', 'control', 'config', 'server', 'cli']] as const,
  ),
])

const root = fileURLToPath(new URL('../../../', import.meta.url))
const src = join(root, 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.replaceAll('\\', '/'))
const imports = new Map(files.map((file) => [file, importsOf(file)]))
/** The folders and files of forward/, each with those that it imports from. */
const forwardRooms = roomsOf('forward/')

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

test('no file imports itself through others, by values or by types', () => {
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `import circle: ${[...path, file].join(' -> ')}`)
    if (done.has(file)) return
    for (const target of imports.get(file)?.files ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

test('code outside forward/ imports from its doors alone', () => {
  for (const [file, { files: targets }] of imports) {
    if (room(file) === 'forward') continue
    for (const target of targets) {
      const isDoor = target === 'forward/index.ts' || target === 'forward/forms.ts'
      assert.ok(room(target) !== 'forward' || isDoor, `${file}: ${target}`)
    }
  }
})

test('the rooms of forward/ have the arrows of ARCHITECTURE.md, and all of them point down', () => {
  const rooms = drawnRooms()
  assert.deepEqual(
    [...rooms.keys()].toSorted(),
    [...forwardRooms.keys()].toSorted(),
    'the rows are not the rooms',
  )
  const below = new Set(rooms.keys())
  for (const [name, arrows] of rooms) {
    below.delete(name)
    assert.deepEqual(arrows.toSorted(), [...(forwardRooms.get(name) ?? [])].toSorted(), name)
    for (const arrow of arrows) assert.ok(below.has(arrow), `${name} -> ${arrow} points up`)
  }
})

test('a stage imports its own and earlier stages only', () => {
  const stages = files.filter((file) => file.startsWith('forward/stages/'))
  const numbers = new Map(stages.map((file) => [file, stageNumber(file)]))
  assert.deepEqual(new Set(numbers.values()), new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]))
  for (const [file, number] of numbers) {
    for (const target of imports.get(file)?.files ?? []) {
      assert.ok((numbers.get(target) ?? 0) <= number, `${file} (stage ${number}): ${target}`)
    }
  }
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

test('an application that registers with proxies loads nothing of forwarding at its start', () => {
  const loaded = [...closure('auto.ts', 'atOnce')]
  assert.ok(loaded.includes('agent/join-cluster.ts'))
  assert.deepEqual(
    loaded.filter((file) => ['forward', 'candidacy'].includes(room(file))),
    [],
  )
})

test('commands that run no proxy load nothing that forwards at their start', () => {
  const commands = files.filter((file) =>
    /^cli\/(check|init|completion|remote\/.*)\.ts$/.test(file),
  )
  assert.ok(commands.includes('cli/check.ts') && commands.includes('cli/remote/status.ts'))
  for (const command of commands)
    for (const door of ['forward/index.ts', 'proxy/index.ts'])
      assert.ok(!closure(command, 'atOnce').has(door), `${command} loads ${door}`)
})

/** Type imports count like all others, but not among those that are loaded at once. */
function importsOf(file: string): { files: string[]; atOnce: string[]; packages: string[] } {
  const text = readFileSync(join(src, file), 'utf8')
  const specifiers = [...text.matchAll(/^(?:import|export)\b[^'";]*?\bfrom\s+'([^']+)'/gm)]
    .concat([...text.matchAll(/^import\s+'([^']+)'/gm)])
    .concat([...text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)])
    .map((match) => match[1] ?? '')
  const atOnce = /^(?:import|export)\b(?! type\b)[^'";]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'/gm
  const filesOf = (names: readonly string[]): string[] =>
    names
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(src, resolve(src, dirname(file), name)).replaceAll('\\', '/'))
  return {
    files: filesOf(specifiers),
    atOnce: filesOf([...text.matchAll(atOnce)].map(([, from, alone]) => from ?? alone ?? '')),
    packages: specifiers.filter((name) => !name.startsWith('.') && !name.startsWith('node:')),
  }
}

function roomsOf(folder: string): Map<string, Set<string>> {
  const rooms = new Map<string, Set<string>>()
  const roomOf = (file: string): string => /^[^/]+\/?/.exec(file.slice(folder.length))?.[0] ?? ''
  for (const file of files.filter((name) => name.startsWith(folder))) {
    const arrows = rooms.get(roomOf(file)) ?? new Set()
    rooms.set(roomOf(file), arrows)
    for (const target of imports.get(file)?.files ?? []) {
      if (target.startsWith(folder) && roomOf(target) !== roomOf(file)) arrows.add(roomOf(target))
    }
  }
  return rooms
}

/** The rows `name ─▶ name name ...` below the heading "Rooms of forward/", in their order. */
function drawnRooms(): Map<string, string[]> {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
  const [, drawing = ''] = /^### Rooms of forward\/$[\s\S]*?^```$([\s\S]*?)^```$/m.exec(page) ?? []
  const rows = drawing.trim().split('\n')
  return new Map(
    rows.map((row) => {
      const [name = '', arrows = ''] = row.split('─▶')
      return [name.trim(), arrows.split(' ').filter((arrow) => arrow !== '')]
    }),
  )
}

/** As the first line of the file says; 0 for a file that serves several stages. */
function stageNumber(file: string): number {
  const [, number = '0'] =
    /^\/\/ (?:Still s|S)tage (\d)/.exec(readFileSync(join(src, file), 'utf8')) ?? []
  return Number(number)
}

function closure(
  file: string,
  kind: 'files' | 'atOnce' = 'files',
  seen: Set<string> = new Set(),
): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const target of imports.get(file)?.[kind] ?? []) closure(target, kind, seen)
  return seen
}

function room(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '.'
}

function floorOf(file: string): number {
  return floors.findIndex((floor) => floor.rooms.includes(room(file)))
}
