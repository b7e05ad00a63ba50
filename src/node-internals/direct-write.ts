// Writes to a socket past its stream, whose bookkeeping costs more than all of our own code for a small message. The stream
// stays in order: the caller uses this only while nothing is pending in it, and corks it until a direct write has ended.
// Used by net/connection.ts.
//
// Touches `socket._handle.writeBuffer` and `writeQueueSize`, and the request object that Node.js passes to the former, with its
// `getAsyncId`.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands for a write that the kernel has not taken at once. */
interface WriteRequest {
  oncomplete?: () => void
  /** Keeps the bytes alive. */
  buffer?: Uint8Array
  /** Below 0 while no write uses it. A second write with a request in use aborts the process. */
  getAsyncId?(): number
  /** Node.js 26: the result of a write that has ended within the call. */
  readonly writeStatus?: number | null
}

interface Handle {
  /**
   * @param request an unused one; null in Node.js 26, which returns a request when the kernel has not taken all.
   * @returns 0 or an error.
   */
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number | WriteRequest
  readonly writeQueueSize: number
}

export interface DirectWriter {
  /** The kernel has taken the bytes that it had not taken at once, or the socket is closed. */
  directLeft(): void
}

/** Known from the first write of Node.js itself. */
let manner: 'unknown' | 'unusable' | 'usable' = 'unknown'
/** `undefined` where Node.js passes null. */
let Request: (new () => WriteRequest) | undefined
/** A request serves for all writes that the kernel takes at once, and is in use by none. */
let spare: WriteRequest | null = null

/**
 * Writes bytes to a connected socket in whose stream nothing is pending.
 * @returns bytes that the kernel has not taken yet: they must stay as they are until `directLeft`. -1: nothing was written,
 *   and the stream has to write, which reports errors, too.
 */
export function writeDirectly(socket: Socket, bytes: Uint8Array, writer: DirectWriter): number {
  const handle = handleOf(socket)
  if (!handle || manner === 'unusable' || !isOfKernel(handle)) return -1
  if (manner === 'unknown') {
    learn(handle)
    return -1
  }
  if (Request !== undefined) spare ??= new Request()
  const result = handle.writeBuffer(spare, bytes)
  if (typeof result === 'number') {
    if (result !== 0) return -1
    if (spare === null || !isInUse(spare)) return 0
  } else if (typeof result.writeStatus === 'number') return result.writeStatus === 0 ? 0 : -1
  const request = typeof result === 'number' ? (spare as WriteRequest) : result
  spare = null
  // libuv tries twice. What the kernel has taken at the second time only has left, but its request has not ended yet.
  if (handle.writeQueueSize === 0) return 0
  request.oncomplete = () => writer.directLeft()
  request.buffer = bytes
  return handle.writeQueueSize
}

const isInUse = (request: WriteRequest): boolean => (request.getAsyncId?.() ?? 0) >= 0

/** Observes the next write of the stream. */
function learn(handle: Handle): void {
  const { writeBuffer } = handle
  if (typeof writeBuffer !== 'function' || typeof handle.writeQueueSize !== 'number') {
    manner = 'unusable'
    return
  }
  const observed: Handle['writeBuffer'] = (request, bytes) => {
    Request = request?.constructor as typeof Request
    const isKnown = Request?.name === 'WriteWrap' && typeof request?.getAsyncId === 'function'
    manner = request === null || isKnown ? 'usable' : 'unusable'
    return writeBuffer.call(handle, request, bytes)
  }
  Object.defineProperty(handle, 'writeBuffer', { value: observed, configurable: true })
  process.nextTick(() => Reflect.deleteProperty(handle, 'writeBuffer'))
}

/** Tries it on a connection of the loopback interface: a small write, and one larger than what the kernel takes at once. */
export async function probeDirectWrite(): Promise<boolean> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  const remote = await accepted
  const large = Buffer.alloc(32 * 1_048_576, 'y')
  const ignored = { directLeft: () => {} }
  if (writeDirectly(socket, Buffer.from('x'), ignored) < 0)
    await new Promise<void>((resolve) => socket.write(Buffer.from('x'), () => resolve()))
  const small = writeDirectly(socket, Buffer.from('x'), ignored)
  let pending = 0
  const end = new Promise<void>((resolve) => {
    pending = writeDirectly(socket, large, { directLeft: resolve })
    if (pending <= 0) resolve()
  })
  let received = 0
  remote.on('data', (bytes) => {
    received += bytes.length
  })
  await end
  const wanted = large.length + 2
  while (received < wanted && !remote.destroyed)
    await new Promise((resolve) => remote.once('data', resolve))
  socket.destroy()
  remote.destroy()
  server.close()
  return small === 0 && pending > 0 && received === wanted
}

const handleOf = (socket: Socket): Handle | null | undefined =>
  (socket as unknown as { readonly _handle?: Handle | null })._handle

/** TCP and Pipe. Others, such as that of TLS, never write at once. */
const kernelStreams = new Set<unknown>()

function isOfKernel(handle: Handle): boolean {
  const { constructor: kind } = handle
  if (kernelStreams.has(kind)) return true
  if (kind.name !== 'TCP' && kind.name !== 'Pipe') return false
  kernelStreams.add(kind)
  return true
}
