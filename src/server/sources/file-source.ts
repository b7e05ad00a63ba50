// A file as a source of nodes: one address on each line, or a list of entries as in `to`, in YAML or JSON.

import { readFile, stat } from 'node:fs/promises'
import { parse } from 'yaml'
import { fixedLimits } from '../../base/limits.ts'
import { pause } from '../../base/wait.ts'
import { readListed } from '../../config/schema-nodes.ts'
import type { FileSettings } from '../../config/source-settings.ts'
import type { FoundNode, Listing } from './node-source.ts'

export function fileSource({ file }: FileSettings): Listing {
  /** Of the last text, and its nodes. */
  let known: { readonly text: string; readonly nodes: readonly FoundNode[] } | undefined
  return {
    async list(signal) {
      let text = await read(file)
      if (known?.text === text) return known.nodes
      // A file that is being written would be a shorter list.
      for (let last = ''; last !== text; ) {
        last = text
        await pause(fixedLimits.fileRestMs, signal)
        signal.throwIfAborted()
        text = await read(file)
      }
      const nodes = nodesIn(text)
      known = { text, nodes }
      return nodes
    },
  }
}

async function read(file: string): Promise<string> {
  const { size } = await stat(file)
  if (size > fixedLimits.fileBytesMax)
    throw new Error(`has more than ${fixedLimits.fileBytesMax} bytes`)
  return readFile(file, 'utf8')
}

/** @throws Error for a text that is no list, or an empty one: `[]` says that there are no nodes. */
export function nodesIn(text: string): readonly FoundNode[] {
  if (text.trim() === '') throw new Error('is empty; write [] for no nodes')
  const nodes = readListed(linesOf(text) ?? parsed(text))
  if (typeof nodes === 'string') throw new Error(nodes)
  return nodes
}

/** Addresses on lines of their own, which are read without the parser of YAML; `undefined` for anything else. */
function linesOf(text: string): readonly string[] | undefined {
  const addresses: string[] = []
  for (const line of text.split('\n')) {
    const item = (line.split('#', 1)[0] ?? '').trim().replace(/^- /, '').trim()
    if (item === '') continue
    if (!/^(?:(?:https?|h2c?):\/\/)?[A-Za-z0-9._-]{1,253}:\d{1,5}$/.test(item)) return undefined
    addresses.push(item)
  }
  return addresses.length === 0 ? undefined : addresses
}

function parsed(text: string): unknown {
  if (text.trimStart().startsWith('[')) {
    try {
      return JSON.parse(text)
    } catch {
      // YAML may begin like this, too.
    }
  }
  return parse(text)
}
