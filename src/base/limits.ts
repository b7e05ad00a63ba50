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
  /** Rows of the tables (httpd's Maxnode, Maxhost and Maxcontext, decision 28), and balancers. */
  nodesMax: 1_000,
  hostsMax: 5_000,
  contextsMax: 20_000,
  balancersMax: 200,
  /** Refused registrations remembered (decision 33). */
  refusalsMax: 1_000,
  /** Connections to the control listener at a time. */
  connectionsMax: 1_000,
  /** How long the holder of a route or address may take to show that it is alive (decision 31). */
  conflictProbeMs: 2_000,
  /** A ping on behalf of STATUS or PING: below the 20 s that a Java node waits for its reply. */
  pingMsMax: 10_000,
  /** A connection without a request is closed after this; above the 10 s between two STATUS of a Java node. */
  idleMs: 30_000,
  /** From the first byte of a request to its last, and from a reply to its last byte taken. */
  transferMs: 10_000,
  /** How long bytes are still read and dropped after the last reply, so that it is not lost to a reset. */
  lingerMs: 1_000,
  /** Probes of nodes under way at a time. */
  probesMax: 64,
}

/** The node's side: the agent and what it reads from proxies. */
export const agentLimits = {
  /** A proxy's answer to one message; INFO of a large cluster is the longest. */
  replyBytesMax: 4_194_304,
}
