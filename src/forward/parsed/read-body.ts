// The body of a request that something else has read: all of it, as bytes with the framing that the head names.

export class ReadBody {
  readonly canRestore = true
  readonly #bytes: Buffer
  readonly #isChunked: boolean
  readonly #send: (bytes: Buffer) => void
  #isSent = false

  constructor(bytes: Buffer, isChunked: boolean, send: (bytes: Buffer) => void) {
    this.#bytes = bytes
    this.#isChunked = isChunked
    this.#send = send
  }

  resume(): void {
    if (this.#isSent) return
    this.#isSent = true
    this.#send(this.#isChunked ? inChunks(this.#bytes) : this.#bytes)
  }

  pause(): void {}

  end(): void {
    this.#isSent = true
  }

  restore(): void {}
}

function inChunks(bytes: Buffer): Buffer {
  const last = '0\r\n\r\n'
  if (bytes.length === 0) return Buffer.from(last)
  const size = `${bytes.length.toString(16)}\r\n`
  return Buffer.concat([Buffer.from(size), bytes, Buffer.from(`\r\n${last}`)])
}
