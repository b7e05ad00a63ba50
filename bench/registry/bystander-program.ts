// The process of bystander.ts: serves all nodes, and sends requests as it is told. Its messages: `{ port }` of the
// origin at the start, then the answer to each `{ send }` and `{ stop }`.

import { startOrigin } from './origin.ts'
import { SteadyTraffic } from './steady-traffic.ts'

export type ToBystander =
  | { readonly send: { readonly port: number; readonly path: string; readonly warmUp: number } }
  | { readonly stop: true }

const origin = await startOrigin()
let traffic: SteadyTraffic | undefined

process.on('message', async (message: ToBystander) => {
  if ('send' in message) {
    traffic = new SteadyTraffic(message.send.port, message.send.path)
    await traffic.warmUp(message.send.warmUp)
    process.send?.({})
  } else {
    process.send?.(await traffic?.stop())
  }
})
process.on('disconnect', () => process.exit())
process.send?.({ port: origin.port })
