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
}

/** The control listener and the registry behind it. */
export const mcmpLimits = {
  /** Body of one message (mcmp.md decision 9). */
  messageBytesMax: 65_536,
  /** Request line with all fields on the control listener. */
  headBytesMax: 16_384,
  /** Field lines in one head. */
  fieldsMax: 100,
  /** Size line of one chunk, or all trailers of one body. */
  chunkLineBytesMax: 1_024,
}

/** The node's side: the agent and what it reads from proxies. */
export const agentLimits = {
  /** A proxy's answer to one message; INFO of a large cluster is the longest. */
  replyBytesMax: 4_194_304,
  /** Head of such an answer: httpd puts its error text there, which may quote the message. */
  replyHeadBytesMax: 65_536,
  /** How long one message may take, from connecting to the last byte of the answer. */
  messageMs: 5_000,
  /** Messages that may wait for one proxy. */
  queueMax: 256,
  proxiesMax: 64,
  contextsMax: 256,
  /** Shortest and longest time between two load reports. */
  reportIntervalMsMin: 100,
  reportIntervalMsMax: 600_000,
  /** First wait before a proxy that failed is tried again; doubled up to the report interval. */
  retryMs: 100,
  /** Between two looks at what is still to be waited for while leaving. */
  drainPollMs: 100,
  /** A node counts as empty when it was so for this long: what a proxy had already sent is on its way. */
  drainQuietMs: 200,
  /** Idle time the server gives a kept-open connection: more than any proxy's (Topspin: 60 s). */
  keepAliveMs: 75_000,
  /** How long the last message to a proxy may take, and all of them after a second signal. */
  removeMs: 2_000,
  hurriedMs: 1_000,
  /** How long connections that are still busy may hold up the closing of the server. */
  closeMs: 1_000,
  /** How long the sidecar waits for an answer of its target, and for its command to end after the signal. */
  probeMs: 2_000,
  childEndMs: 10_000,
  /** How often the figures of the load report header are worked out anew. */
  figuresMs: 100,
}
