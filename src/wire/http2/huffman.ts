// Decodes Huffman-coded strings [RFC 7541 5.2, B], four bits at a step. The code is canonical, so the lengths of its codes
// determine them.

const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
  28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5,
  6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6,
  7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23,
  23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22,
  22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22,
  23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27,
  27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25,
  24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
]
const END = 256

/** Padding is at most 7 bits, all ones. */
const paddingBitsMax = 7

/** Of a step: the symbol in the low 8 bits, the next state in the 8 bits above, and these. */
const EMITS = 1 << 16
const FAILS = 1 << 17
/** A string may end after the step. */
const MAY_END = 1 << 18

/** The step for each state and the next four bits. A state is an inner node of the code's tree, the root is 0. */
const steps: Uint32Array = stepsOf(treeOf())

/** For each inner node its two children: other inner nodes, or symbols as -1 - symbol. */
function treeOf(): [number, number][] {
  const order = lengths.map((_, symbol) => symbol)
  order.sort((a, b) => lengths[a]! - lengths[b]! || a - b)
  const tree: [number, number][] = [[0, 0]]
  let code = 0
  let length = 0
  for (const symbol of order) {
    code *= 2 ** (lengths[symbol]! - length)
    length = lengths[symbol]!
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const side = Math.floor(code / 2 ** bit) % 2
      let next = tree[node]![side]!
      if (next === 0) {
        next = tree.push([0, 0]) - 1
        tree[node]![side] = next
      }
      node = next
    }
    tree[node]![code % 2] = -1 - symbol
    code++
  }
  return tree
}

function stepsOf(tree: readonly [number, number][]): Uint32Array {
  const endings = new Set<number>()
  for (let node = 0, bits = 0; bits <= paddingBitsMax; bits++, node = tree[node]![1])
    endings.add(node)
  const table = new Uint32Array(tree.length * 16)
  for (let state = 0; state < tree.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = state
      let step = 0
      for (let bit = 3; bit >= 0; bit--) {
        node = tree[node]![(nibble >> bit) & 1]!
        if (node >= 0) continue
        const symbol = -1 - node
        step |= symbol === END ? FAILS : EMITS | symbol
        node = 0
      }
      table[state * 16 + nibble] = step | (node << 8) | (endings.has(node) ? MAY_END : 0)
    }
  }
  return table
}

/** Most bytes that so many coded ones can become: the shortest codes have 5 bits. */
export const decodedBytesMax = (coded: number): number => Math.ceil((coded * 8) / 5)

/**
 * Decodes bytes[from..to) to `target` at `at`, which has room for `decodedBytesMax`.
 * @returns the offset after the decoded bytes, or -1 when the code is invalid.
 */
export function decodeHuffman(
  bytes: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): number {
  let state = 0
  let mayEnd = true
  let written = at
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!
    let step = steps[state * 16 + (byte >> 4)]!
    if (step & FAILS) return -1
    if (step & EMITS) target[written++] = step & 0xff
    step = steps[((step >> 8) & 0xff) * 16 + (byte & 15)]!
    if (step & FAILS) return -1
    if (step & EMITS) target[written++] = step & 0xff
    state = (step >> 8) & 0xff
    mayEnd = (step & MAY_END) !== 0
  }
  return mayEnd ? written : -1
}
