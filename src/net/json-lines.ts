// Lines of a stream of bytes, each a JSON text: the events of a watch.

/** Rejects for a longer line, and for one that is not JSON. */
export async function* jsonLines(
  body: AsyncIterable<Buffer>,
  lineBytesMax: number,
): AsyncGenerator<unknown> {
  let parts: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    let from = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      parts.push(chunk.subarray(from, end))
      const text = Buffer.concat(parts).toString('utf8').trim()
      parts = []
      size = 0
      from = end + 1
      if (text !== '') yield JSON.parse(text) as unknown
    }
    size += chunk.length - from
    if (size > lineBytesMax) throw new Error(`an event has more than ${lineBytesMax} bytes`)
    parts.push(chunk.subarray(from))
  }
}
