// Requests generated paths, which servers parse differently, through the proxy, and compares the context that serves
// each with the one that the proxy chose.

import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { agreed, pathReadings } from '../../src/wire/http/path-readings.ts'
import { type Answer, get } from '../support/node-server.ts'
import { seededRandom } from '../support/seeded-random.ts'

const names = ['app', 'app', 'admin', 'manager', 'html', 'x', '%61pp', 'a%64min', '%6danager', '']
const dots = ['..', '..', '.', '%2e%2e', '.%2e', '%2E.', '%2e', '..%3b', '...', '%252e%252e']
const parameters = ['', '', '', '', ';', ';x=1', ';jsessionid=a', ';/', '%3b', ';a=..', ';..']
const separators = ['/', '/', '/', '/', '/', '//', '///', '/./', '%2f', '%5c', '%2F', '/;/']

/** The same paths in every run, so that a failure can be reproduced. */
export function generatedPaths(count: number): string[] {
  const random = seededRandom(13)
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const paths = new Set<string>()
  while (paths.size < count) {
    let path = random() < 0.8 ? '/' : '//'
    if (random() < 0.6) path += `app${one(parameters)}${one(separators)}`
    const segments = 1 + Math.floor(random() * 6)
    for (let i = 0; i < segments; i++) {
      path += one(random() < 0.4 ? dots : names) + one(parameters)
      if (i < segments - 1) path += one(separators)
    }
    if (!path.includes('%00')) paths.add(path)
  }
  return [...paths]
}

export interface Tally {
  served: number
  refused: number
  /** No context, according to the proxy or to the server. */
  unknown: number
}

/**
 * @param contexts the registered contexts.
 * @param contextOf the context that served an answer; `undefined` if none did.
 */
export async function askAll(
  port: number,
  paths: readonly string[],
  contexts: readonly string[],
  contextOf: (answer: Answer) => string | undefined,
): Promise<Tally> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes })
  const tally: Tally = { served: 0, refused: 0, unknown: 0 }
  const wrong: string[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < paths.length) {
      const path = paths[next++] as string
      const answer = await get(port, path, {}, agent)
      const context = contextOf(answer)
      if (context === undefined) tally[answer.status === 400 ? 'refused' : 'unknown']++
      else tally.served++
      const chosen = chosenOf(path, contexts)
      if (context !== undefined && context !== chosen)
        wrong.push(`${path}: chosen ${chosen}, served by ${context}`)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  agent.destroy()
  assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} paths`)
  return tally
}

const lanes = 8

function chosenOf(path: string, contexts: readonly string[]): string | undefined {
  const known = new Map(contexts.map((context) => [context, { context }]))
  const readings = pathReadings(path)
  if (readings === undefined) return 'none: the proxy refuses it'
  const found = agreed(readings, (reading) => {
    for (let rest = reading; rest !== ''; rest = rest.slice(0, rest.lastIndexOf('/'))) {
      const context = known.get(rest)
      if (context !== undefined) return context
    }
    return known.get('/')
  })
  return found === 'ambiguous' ? 'none: the proxy refuses it' : found?.context
}
