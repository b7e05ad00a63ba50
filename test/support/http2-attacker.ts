// Sends an attack of http2-attacks.ts at a rate, from a thread of its own, and connects again each time it is sent away.

import { once } from 'node:events'
import net from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { attacks, preface } from './http2-attacks.ts'
import { frame } from './http2-frames.ts'

export interface Order {
  readonly name: string
  readonly port: number
  /** Frames, or groups of frames, per second. */
  readonly rate: number
  readonly ms: number
  /** It ends as soon as the peer has ended a connection. */
  readonly untilAway?: true
}

export interface AttackResult {
  /** Frames, or groups, that were sent. */
  readonly sent: number
  readonly connections: number
  /** Connections that the peer has ended. */
  readonly endedByPeer: number
  /** How long the longest connection went on, ms; what was open at the end counts. */
  readonly longestMs: number
}

/** Runs an attack to its end. */
export async function runAttack(order: Order): Promise<AttackResult> {
  const worker = new Worker(new URL(import.meta.url), { workerData: order })
  const [result] = await once(worker, 'message')
  await worker.terminate()
  return result
}

const batchSize = 100

async function send({ name, port, rate, ms, untilAway }: Order): Promise<AttackResult> {
  const attack = attacks.find((each) => each.name === name)
  if (attack === undefined) throw new Error(`no attack ${name}`)
  const end = performance.now() + ms
  let [sent, connections, endedByPeer, longestMs] = [0, 0, 0, 0]
  while (performance.now() < end && !(untilAway && endedByPeer > 0)) {
    connections++
    const from = performance.now()
    const socket = net.connect(port, '127.0.0.1')
    let isOver = false
    for (const event of ['end', 'close', 'error'])
      socket.on(event, () => {
        isOver = true
      })
    socket.resume()
    socket.write(Buffer.concat([preface, frame(4, 0, 0), attack.begins ?? Buffer.alloc(0)]))
    for (let i = 0; !isOver && performance.now() < end; i += batchSize) {
      const batch = Array.from({ length: batchSize }, (_, n) => attack.frames(i + n))
      sent += batchSize
      const isTaken = socket.write(Buffer.concat(batch))
      const dueMs = from + (i * 1_000) / rate - performance.now()
      if (dueMs > 1) await pause(dueMs)
      else await new Promise(setImmediate)
      // A peer that does not read holds the attack back.
      while (!isTaken && socket.writableLength > 1_000_000 && !isOver && performance.now() < end)
        await pause(1)
    }
    longestMs = Math.max(longestMs, performance.now() - from)
    if (isOver) endedByPeer++
    socket.destroy()
  }
  return { sent, connections, endedByPeer, longestMs }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

if (!isMainThread && parentPort !== null) parentPort.postMessage(await send(workerData))
