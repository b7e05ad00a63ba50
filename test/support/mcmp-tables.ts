// INFO and DUMP as tables of named values, parsed strictly: every line belongs to its section.

import assert from 'node:assert/strict'

type Row = ReadonlyMap<string, string>

export interface InfoTables {
  readonly nodes: readonly Row[]
  readonly hosts: readonly Row[]
  readonly contexts: readonly Row[]
}

/** `Key: value,Key: value` lines; the first key of a line names its section. */
export function readInfo(text: string): InfoTables {
  const [nodes = [], hosts = [], contexts = []] = sections(text, ['Node: ', 'Vhost: ', 'Context: '])
  const row = (line: string): Row =>
    new Map(line.split(/,\s*(?=[A-Z])/).map((part) => splitOnce(part, ': ')))
  return { nodes: nodes.map(row), hosts: hosts.map(row), contexts: contexts.map(row) }
}

export interface DumpTables extends InfoTables {
  readonly balancers: readonly Row[]
}

export function readDump(text: string): DumpTables {
  const [balancers = [], nodes = [], hosts = [], contexts = []] = sections(text, [
    'balancer: ',
    'node: ',
    'host: ',
    'context: ',
  ])
  return {
    balancers: balancers.map((line) =>
      words(line.replace(/\[([^\]]*)\]\/\[([^\]]*)\]/, 'Cookie: $1 Path: $2')),
    ),
    nodes: nodes.map((line) => new Map(line.split(',').map((part) => splitOnce(part, ': ')))),
    hosts: hosts.map((line) => words(line.replace(/\[(.*?)\]/, 'alias: $1'))),
    contexts: contexts.map((line) => words(line.replace(/\[(.*?)\]/, 'path: $1'))),
  }
}

function sections(text: string, starts: readonly string[]): string[][] {
  const lines = text.split('\n').slice(0, -1)
  assert.ok(text === '' || text.endsWith('\n'))
  let at = 0
  const found = starts.map((start) => {
    const rows: string[] = []
    for (; at < lines.length && lines[at]!.startsWith(start); at++) rows.push(lines[at]!)
    return rows
  })
  assert.equal(at, lines.length, `a line out of place: ${lines[at]}`)
  return found
}

const words = (line: string): Row =>
  new Map([...line.matchAll(/(\S+): (\S+)/g)].map(([, key = '', value = '']) => [key, value]))

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by)
  assert.ok(at > 0, text)
  return [text.slice(0, at), text.slice(at + by.length)]
}
