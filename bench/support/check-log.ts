// Does an access log hold a line of JSON for every request that was answered?

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** Every so many lines one is parsed; all of them would take longer than the measurement. */
const sampleEvery = 1_000

/** @returns what is wrong, '' for nothing. */
export async function checkLog(file: string, requests: number): Promise<string> {
  let lines = 0
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (lines % sampleEvery === 0) JSON.parse(line)
      lines++
    }
  } catch (error) {
    return `access log: ${(error as Error).message}`
  }
  return lines >= requests ? '' : `access log: ${lines} lines for ${requests} requests`
}
