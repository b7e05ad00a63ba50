// Every bound that a peer could push against, by name. Sizes are bytes, times milliseconds, the rest counts.

/** Client and node side of HTTP/1 forwarding. */
export const httpLimits = {
  /** Request or status line with all its fields. */
  headBytesMax: 32_768,
  /** The request target alone; beyond it 414. */
  targetBytesMax: 8_192,
  /** One field line; beyond it 431. */
  fieldBytesMax: 8_192,
  /** Field lines in one head or trailer section. */
  fieldsMax: 200,
  methodBytesMax: 32,
  /** All extensions of one chunked body. */
  chunkExtensionBytesMax: 4_096,
  /** Trailer section of one chunked body. */
  trailerBytesMax: 8_192,
  /** Interim (1xx) responses to one request. */
  interimMax: 32,
  /** Pipelined bytes kept while an exchange is under way; beyond it reading pauses. */
  pipelinedBytesMax: 65_536,
  /** Bytes of a refused or abandoned request body read and thrown away before the connection is cut. */
  lingerBytesMax: 1_048_576,
  /** What of a request is kept to send it again. */
  replayBytesMax: 65_536,
  /** Requests that wait for a usable node (WaitWorker). */
  waitingMax: 1_000,
}

/** The control listener and the registry behind it. */
export const mcmpLimits = {
  /** Body of one message (mcmp.md decision 9). */
  messageBytesMax: 65_536,
}

/** The node's side: the agent and what it reads from proxies. */
export const agentLimits = {
  /** A proxy's answer to one message; INFO of a large cluster is the longest. */
  replyBytesMax: 4_194_304,
}
