// What a proxy advertises by multicast on the loopback interface, as a node hears it.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { until } from './until.ts'

/** Resolves once so many datagrams that fit have arrived. */
export async function heardAdvertisements(
  group: string,
  port: number,
  count: number,
  fits: (bytes: Buffer) => boolean,
): Promise<void> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  const heard: Buffer[] = []
  socket.on('message', (bytes) => heard.push(bytes))
  socket.bind(port)
  await once(socket, 'listening')
  socket.addMembership(group, '127.0.0.1')
  try {
    await until(
      'it is advertised',
      () => heard.filter(fits).length >= count,
      15_000,
      () => heard.map(String),
    )
  } finally {
    socket.close()
  }
}
