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
  /** Segments of a path that servers may read differently (dot segments, empty ones, parameters, some escapes). */
  oddSegmentsMax: 64,
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
  /** What of a request is kept to send it again: room for one whole read and a head that has grown on its way. */
  replayBytesMax: 131_072,
  /** Requests that wait for a usable node (WaitWorker). */
  waitingMax: 1_000,
  /** Open files that are left to everything that is neither a client nor a node: log, control, libraries. */
  openFilesReserve: 64,
  /** Of the open files that a process may have, what is kept free of clients for connections to nodes, at most. */
  nodeRoomMax: 4_096,
}

/** Accepting from one listening socket while many connections wait. Ticks are of 100 ms. */
export const acceptLimits = {
  /**
   * Handles beside the first on each listening socket, of all of them together: as many more connections are taken in
   * a turn of the event loop. They are open files, within `openFilesReserve`.
   */
  furtherHandles: 15,
  /** Connections accepted in one tick that make a crowd: the further handles open. */
  crowd: 8,
  /** They stay open while so many come in a turn. */
  eachTurn: 1.25,
  /** Turns to judge by. */
  turnsLeast: 8,
  /** Ticks without a newcomer after which they close. */
  quietTicks: 20,
  /** Ticks until they may open again when they were of no use. */
  restTicks: 50,
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
  /** A node whose last STATUS is older than this is on standby (decision 39). */
  statusTimeoutMs: 60_000,
  /** How long a removed node is shown under its name, and then again as REMOVED. */
  waitBeforeRemoveMs: 10_000,
  /** Refused registrations remembered (decision 33). */
  refusalsMax: 1_000,
  /** ENABLE-APP messages of Java nodes that are put in force a moment after their replies. */
  enablesWaitingMax: 100,
  /** Connections to the control listener at a time. */
  connectionsMax: 1_000,
  /** Of these, connections from one address, and messages from one that are being worked on. */
  sourceConnectionsMax: 800,
  sourceMessagesMax: 200,
  /** Between two warnings of one kind that anybody outside can bring about. */
  warningEveryMs: 10_000,
  /** How long the looking up of an announced host name may take. */
  lookupMs: 2_000,
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

/** The state file. */
export const stateLimits = {
  /** A longer file is none of ours. */
  bytesMax: 67_108_864,
  /** How long a message's reply waits for the disk. */
  waitMs: 1_000,
  /** Load factors that have come are written after this. */
  loadMs: 1_000,
  /** After a write that failed. */
  retryMs: 5_000,
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
  /** Longest time that leaving may wait for sessions and requests. */
  drainMsMax: 86_400_000,
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
  /** Between two looks at names, and at proxies that fell silent. */
  discoveryMs: 5_000,
}

/** The traffic worker processes and the line between them and the primary. */
export const workerLimits = {
  workersMax: 256,
  /** From the start of a worker to its first word; longer, and it is taken for broken. */
  readyMs: 15_000,
  /** How long a message's reply waits for a worker to put the changes in force. */
  applyMs: 1_000,
  /** How long a question about live numbers waits for the workers' answers. */
  refreshMs: 200,
  /** Between two reports of a worker's numbers that nobody asked for. */
  figuresEveryMs: 1_000,
  /** Orders that a worker has not answered; with more it is taken for broken and replaced. */
  unansweredMax: 1_000,
  /** A worker that lived this long counts as sound: the next one starts at once. */
  soundMs: 10_000,
  /** First wait before a worker is replaced that did not; doubled for each in a row. */
  restartMs: 100,
  restartMsMax: 10_000,
  /** Beyond the time for draining, until a worker that is still there is killed. */
  endMs: 1_000,
  /** How long a worker that has exited may still be heard: its last messages may come later. */
  lastWordsMs: 100,
  /** Log lines on their way to the primary; beyond it lines are dropped and counted. */
  logBytesMax: 4_194_304,
}

/** The hand-over between peers. */
export const handOverLimits = {
  /** Of the body of a request that may be executed twice, what is kept for the application here. */
  keptBodyBytesMax: 65_536,
  /** How far the clock of the peer that signed a mark may differ, the time on the way included. */
  markSkewMs: 30_000,
  /** Requests of one connection that stay here, one after the other, until it is left to the server. */
  hereInARowMax: 64,
  /** How long a peer that failed may take to show that it is there again. */
  probeMs: 2_000,
}

/** Candidacy functions and cascades. */
export const candidacyLimits = {
  /** Functions of one cascade, and paths with a cascade of their own. */
  stepsMax: 32,
  pathsMax: 100,
  /** One function with its argument, as text. */
  stepCharactersMax: 512,
  /** Of a regular expression: what can repeat, so that no name of a server keeps it busy. */
  quantifiersMax: 4,
  /** Of a server's name, what a regular expression is held against. */
  matchedCharactersMax: 64,
  /** Names whose match is remembered. */
  matchesMax: 4_096,
}

/** TLS on both listeners and towards nodes. */
export const tlsLimits = {
  /** Handshakes under way at one listener of one process; who comes then is turned away. */
  handshakesMax: 1_000,
  /** Sessions with nodes that are kept to shorten the next handshake, one for each address. */
  sessionsMax: 1_000,
  /** A certificate, key or list of authorities, as read from its file. */
  fileBytesMax: 1_048_576,
}

/** Towards nodes that speak AJP13. */
export const ajpLimits = {
  /** Longest packet that both sides may be told to send, with its head, and the shortest. */
  packetBytesMax: 65_536,
  packetBytesMin: 1_024,
  /** Pieces of a request's body that a container may ask for ahead of time, or when there are no more. */
  asksMax: 16,
  /** How long the end of an answer may come behind its last byte until the connection is given up. */
  endMs: 5_000,
}

/** Datagram sockets. */
export const datagramLimits = {
  /** Datagrams read in a second by one socket; what comes beyond it is left to the kernel, which drops it. */
  perSecondMax: 10_000,
  /** Datagrams on their way to the kernel; beyond it they are dropped. */
  sendsPendingMax: 10_000,
  /** Addresses that all names of a list may stand for. */
  destinationsMax: 1_000,
  /** Between two looks at sockets that could not be opened. */
  tickMs: 1_000,
  /** So many of them between two looks at names and interfaces. */
  refreshTicks: 5,
  /** How long the last datagrams may hold up the closing. */
  closeMs: 500,
}

/** Peers: their announcements and the table of them. */
export const peerLimits = {
  /** One announcement: fits into one packet of any network. */
  announcementBytesMax: 1_200,
  /** Lines of one announcement, the unknown ones included. */
  announcementLinesMax: 64,
  /** A path that a peer serves. */
  contextBytesMax: 255,
  /** Peers known at a time, those that have left or fallen silent included. */
  peersMax: 1_024,
  /** Keys in a ring. */
  keysMax: 8,
  /** Shortest and longest time between two announcements. */
  periodMsMin: 100,
  periodMsMax: 60_000,
  /** How long a server that is announced by another process may take to answer it. */
  targetAnswerMs: 2_000,
  /** Announcements in a period, at most: what is lost is said more often. */
  beatsMax: 8,
}

/** mod_advertise's datagrams (mcmp.md 4). */
export const advertiseLimits = {
  /** One datagram; a Java node reads no more. */
  bytesMax: 512,
  /** Proxies that an agent knows by their datagrams at a time. */
  foundMax: 100,
  /** How far a datagram's date may be from this machine's clock, either way. */
  skewMs: 300_000,
  /** A proxy that was found and is neither heard nor reachable for this long is forgotten. */
  silentMs: 60_000,
} as const
