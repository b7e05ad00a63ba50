// Reads the status page of one peer as JSON (docs/peers.md): which peers it knows and what it has sent to each. The answer
// is checked as anything else from the network.

import { z } from 'zod'
import { peerPageLimits } from '../../base/limits.ts'

/** A row of the page: another peer, or itself. Other keys are left out. */
export interface PeerPageRow {
  readonly name: string
  readonly url: string
  readonly state: 'self' | 'present' | 'silent' | 'left'
  readonly loss: number
  readonly resources: Readonly<
    Record<'cores' | 'load' | 'inHand' | 'knee' | 'serviceTimeMs' | 'served', number>
  >
  readonly sent: { readonly requests: number; readonly inFlight: number; readonly failures: number }
}

/** What a peer tells. */
export interface PeerPage {
  readonly name: string
  readonly peers: readonly PeerPageRow[]
}

const count = z.number().min(0)
const name = z.string().min(1).max(255)

const row = z.object({
  name,
  url: z.string().max(512),
  state: z.enum(['self', 'present', 'silent', 'left']),
  loss: z.number().min(0).max(1),
  resources: z.object({
    cores: count,
    load: count,
    inHand: count,
    knee: count,
    serviceTimeMs: count,
    served: count,
  }),
  sent: z.object({ requests: count, inFlight: count, failures: count }),
})

const page: z.ZodType<PeerPage, unknown> = z.object({
  name,
  peers: z.array(row).min(1).max(peerPageLimits.peersMax),
})

/** @param url of the page. Rejects with the reason. */
export async function readPeerPage(url: string): Promise<PeerPage> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(peerPageLimits.withinMs),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`status ${response.status}`)
  }
  const read = page.safeParse(JSON.parse(await textOf(response)))
  if (read.success) return read.data
  throw new Error('not the status page of a peer')
}

async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += part.length
    if (length > peerPageLimits.bytesMax) throw new Error('the page is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
