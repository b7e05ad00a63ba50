// Multicast to oneself, which some machines and containers do not have.

import { openDatagrams } from '../../src/net/datagram.ts'
import { freePorts } from './free-ports.ts'

/** Whether this machine lets a process hear its own datagram to a group. */
export async function multicastWorks(host: string, which: string): Promise<boolean> {
  const [port = 0] = await freePorts(1)
  let heard = false
  const datagrams = openDatagrams({
    to: [{ host, port }],
    interface: which,
    onDatagram: () => {
      heard = true
    },
  })
  await datagrams.ready
  const end = performance.now() + 2_000
  while (!heard && performance.now() < end) {
    datagrams.send(Buffer.from('there?'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await datagrams.close()
  return heard
}
