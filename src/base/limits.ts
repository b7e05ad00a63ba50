// Every bound on the memory and the waits that clients, nodes, peers and applications can cause, by name. Sizes are
// bytes, times milliseconds, everything else counts.

/** HTTP/1 forwarding, towards clients and nodes. */
export const httpLimits = {
  /** Request or status line with all fields; default of `headers.maxTotal`. */
  headBytesMax: 65_536,
  /** Request target; a longer one is answered 414. */
  targetBytesMax: 8_192,
  /**
   * One field line; default of `headers.maxField`. Kerberos tickets and content security policies take 12 KB and more.
   */
  fieldBytesMax: 32_768,
  /** Field lines of one head or trailer section; default of `headers.maxCount`. */
  fieldsMax: 200,
  methodBytesMax: 32,
  /** Fields that Connection names as hop-by-hop in one head. */
  nominatedMax: 100,
  /**
   * Of a path that servers may read differently (dot segments, empty ones, parameters, some escapes): its segments
   * and a 16th of its bytes, times the ways to read them. 512 is a quarter of a millisecond.
   */
  pathReadingWorkMax: 512,
  /** All extensions of one chunked body. */
  chunkExtensionBytesMax: 4_096,
  /** Trailer section of one chunked body. */
  trailerBytesMax: 8_192,
  /** Looks at a head that comes in many pieces, before only its end is looked for. */
  headReadsMax: 16,
  /** Interim (1xx) responses to one request. */
  interimMax: 32,
  /** Pipelined bytes kept during an exchange; beyond them reading pauses. */
  pipelinedBytesMax: 65_536,
  /** How long the rest of a request is read and discarded after the last response of a connection. */
  lingerMsMax: 30_000,
  /** Bytes of a request kept for a retry: room for one whole read and a head that has grown on the way. */
  replayBytesMax: 196_608,
  /** Requests that wait for a usable node (WaitWorker). */
  waitingMax: 1_000,
  /** How long a connection rests after a response without a body, before it carries another request. */
  restMs: 100,
  /** The same while `restingMany` connections to the node rest. */
  restMsMin: 10,
  restingMany: 64,
  /** Connections to nodes that belong to one client's connection, because it has logged in on them. */
  boundMax: 8,
  /** Open files reserved for everything except clients and nodes: log, control listener, libraries. */
  openFilesReserve: 64,
  /** Upper limit of the open files reserved for connections to nodes. */
  nodeRoomMax: 4_096,
}

/** The proxy's own sticky cookie. */
export const stickyLimits = {
  /** Cookies of its name in one request that are read; a signature costs some microseconds. */
  cookiesMax: 8,
  /** Valid cookies of a balancer that are kept in memory, twice, so that their signatures need no second look. */
  rememberedMax: 4_096,
  /** Characters of a header field or query parameter that are read as the key of a session. */
  keyMax: 4_096,
}

/** Requests that wait for a connection to a node. */
export const admissionLimits = {
  /** Requests without the head of an answer, of one process, before others wait while the event loop is busy. */
  unansweredMax: 256,
  /** How often the load of the event loop is looked at while requests wait, ms. */
  checkMs: 5,
  /** It is not busy when it is idle for more than this share of the time. */
  idleShare: 0.1,
  /** How long idle connections beyond `pool.idleMax` are kept for the next wave of requests, ms. */
  surplusIdleMs: 10_000,
}

/** HTTP/2 from clients. "A fault" draws on `faultBurst` and `faultRate`; GOAWAY ENHANCE_YOUR_CALM follows beyond them. */
export const http2Limits = {
  /** Streams of one connection at a time, announced. */
  streamsMax: 128,
  /** Streams begun in one read; a further one is refused, which is a fault. */
  newStreamsMax: 256,
  /** Streams reset by the client, or by us because of its fault, before they were answered; per second after the first. */
  resetBurst: 200,
  resetRate: 20,
  faultBurst: 500,
  faultRate: 20,
  /** Payload of one frame, the least that the protocol allows [RFC 9113 4.2]. */
  frameBytesMax: 16_384,
  /** The fields of one request with `entryOverhead` for each, announced; then 431. */
  fieldListBytesMax: 32_768,
  /** One field block as it arrives. */
  blockBytesMax: 65_536,
  /** CONTINUATION frames of one field block. */
  continuationsMax: 8,
  /** The decoder's dynamic table, as RFC 7541 4.1 counts it. */
  tableBytesMax: 4_096,
  /** Entries of one SETTINGS frame. */
  settingsMax: 32,
  /** SETTINGS, PING, PRIORITY and unknown frames of each kind in one second before each is a fault. */
  controlFramesFree: 10,
  /** WINDOW_UPDATE frames before each is a fault, and as many again for each frame of DATA that we sent. */
  windowUpdatesFree: 1_000,
  windowUpdatesForData: 10,
  /** DATA frames with fewer bytes are small; so many of them are a fault. */
  smallDataBytes: 64,
  smallDataForFault: 16,
  /** Our own frames (ACK, RST_STREAM, WINDOW_UPDATE) that wait while the socket is full. */
  controlBytesMax: 65_536,
  /** What one connection sends to the socket in one write. */
  outBytesMax: 65_536,
  /** Held bytes of answers, of one connection; beyond them no stream begins. And of one process: the oldest is reset. */
  heldBytesMax: 1_048_576,
  heldBytesOfAllMax: 67_108_864,
  /** Windows for requests: of one stream and of one connection. */
  streamWindowBytes: 262_144,
  connectionWindowBytes: 1_048_576,
  /** Bytes of requests that all connections of one process hold; beyond them no WINDOW_UPDATE is sent. */
  receivedBytesOfAllMax: 67_108_864,
  /** Heads of requests that wait for their turn, of one process; a further stream is refused. */
  waitingBytesOfAllMax: 67_108_864,
  /** How long an answer may not be sent while others of the connection are, ms. */
  stalledMs: 30_000,
  /** Deadline for the acknowledgement of our SETTINGS, ms. */
  settingsAckMs: 10_000,
  /** How long the answer to the PING between the two GOAWAY frames of a drain is awaited, ms. */
  drainPingMs: 1_000,
  /** How often the deadlines of the streams of a connection are looked at, ms. */
  checkMs: 500,
  /** Bytes read and dropped after a GOAWAY with an error. */
  lingerBytesMax: 1_048_576,
  /** PRIORITY_UPDATE frames for streams that have not begun. */
  earlyPrioritiesMax: 128,
}

/** Accepting from one listening socket while many connections wait. A tick is 100 ms. */
export const acceptLimits = {
  /**
   * Handles beside the first one of each listening socket, of all sockets together: so many more connections are
   * accepted in one turn of the event loop. They are open files, within `openFilesReserve`.
   */
  furtherHandles: 15,
  /** The further handles open when so many connections are accepted in one tick. */
  crowd: 8,
  /** They stay open while so many connections are accepted in one turn of the event loop. */
  eachTurn: 1.25,
  /** Least number of turns for that average. */
  turnsLeast: 8,
  /** They close after so many ticks without a new connection. */
  quietTicks: 20,
  /** Ticks until they may open again after they were not needed. */
  restTicks: 50,
}

/** The files of unix sockets that this process listens on. */
export const socketFileLimits = {
  /** How long another process may take to accept a connection before it counts as one that listens. */
  connectMs: 1_000,
}

/** The start of another process in place of this one (`topspin upgrade`). */
export const upgradeLimits = {
  /** From the start of the new process until it has opened its addresses and knows the nodes. */
  preparedMs: 30_000,
  /** How long the old process goes on with control messages that are on their way. */
  messagesMs: 2_000,
  /** From then on until the new process answers them. */
  readyMs: 15_000,
  /** How long the answer of the order may take beyond that. */
  answerMs: 5_000,
  /** How long the new process waits for the end of the old one, after its own deadline for requests in flight. */
  endMs: 2_000,
}

/** Reports to systemd. */
export const systemdLimits = {
  /** Deadline of the program that sends one. */
  notifyMs: 5_000,
}

/** The PROXY header at the start of a client's connection. */
export const proxyProtocolLimits = {
  /** With additional values (TLVs), such as the certificate of a client. */
  headerBytesMax: 16_384,
  /** Lines of the log about connections without a valid one, in that time. */
  refusalLinesMax: 20,
}

/** The log (base/throttled-log.ts). */
export const logLimits = {
  /** Least time between two warnings of one kind that outside programs can cause. */
  warningEveryMs: 10_000,
  /** Lines in that time of an agent or of a peer, and of the proxy about one node and about all nodes. */
  linesMax: 50,
  nodeLinesMax: 20,
  allNodesLinesMax: 1_000,
  /** Nodes whose lines are counted. */
  nodeLogsMax: 10_000,
  /** Bytes that standard error has not taken yet; further lines of an agent or a peer are dropped. */
  stderrKeptMax: 65_536,
  /** Characters of a User-Agent in the access log, and of the first line of a request that is not valid. */
  userAgentMax: 512,
  methodMax: 32,
  targetMax: 1_024,
  /** Lines about invalid responses of nodes in that time. */
  invalidResponseLinesMax: 20,
}

/** Events and actions of the API (control/events/, control/api/). */
export const eventLimits = {
  keptMax: 1_000,
  actionsMax: 1_000,
  /** Streams of events at a time. */
  streamsMax: 32,
  /** Bytes that a stream's reader has not taken yet; beyond them it is cut. */
  streamBytesMax: 1_048_576,
  liveEveryMs: 1_000,
  /** A comment keeps a quiet stream open. */
  quietMs: 15_000,
}

/** The listener for /livez and /readyz alone (`health.listen`). */
export const healthLimits = {
  connectionsMax: 256,
  headBytesMax: 8_192,
  /** From the first byte of a request to its end. */
  requestMs: 5_000,
}

/** The control listener and the registry behind it. */
export const mcmpLimits = {
  /** Body of one message (mcmp.md decision 9). */
  messageBytesMax: 65_536,
  /** Pairs of an alias and a context that one message names. */
  messagePairsMax: 20_000,
  /** Request line with all fields on the control listener. */
  headBytesMax: 16_384,
  /** Field lines of one head. */
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
  /** A node that is down for longer than this is removed (decision 40). */
  removeDownMs: 300_000,
  /** How long a removed node is shown under its name, and then again as REMOVED. */
  waitBeforeRemoveMs: 10_000,
  /** Refused registrations remembered (decision 33). */
  refusalsMax: 1_000,
  /** Orders of operators, each for a node or a context. Those of nodes that are not registered leave first. */
  ordersMax: 10_000,
  /** How long the orders for a node are kept while it is not registered. A restart of the proxy begins anew. */
  ordersKeptMs: 604_800_000,
  /** ENABLE-APP messages of Java nodes that wait to be put in force after their replies. */
  enablesWaitingMax: 100,
  /** Connections to the control listener. */
  connectionsMax: 1_000,
  /** Connections from one address, and its messages in progress. */
  sourceConnectionsMax: 800,
  sourceMessagesMax: 200,
  /** Lines of the log about refused messages and invalid requests in that time, of each. */
  refusalLinesMax: 20,
  /** Deadline for looking up a registered host name. */
  lookupMs: 2_000,
  /** Deadline for the holder of a route or address to show that it is alive (decision 31). */
  conflictProbeMs: 2_000,
  /** Deadline of a ping for STATUS or PING: below the 20 s that a Java node waits for the reply. */
  pingMsMax: 10_000,
  /** A connection without a request is closed after this; above the 10 s between two STATUS of a Java node. */
  idleMs: 30_000,
  /** Deadline for the bytes of one request, and for those of one reply. */
  transferMs: 10_000,
  /**
   * Longest pause of a caller that still sends after the last reply: so long its bytes are read and discarded, so that
   * a reset does not destroy the reply. `transferMs` in all.
   */
  lingerMs: 1_000,
  /** Probes of nodes in progress. */
  probesMax: 64,
  /** Nodes that the watch looks at in one step of 100 ms. */
  watchedMax: 1_000,
  /** A STATUS is answered without a probe while the node was read from, or answered a probe, within this time. */
  freshMs: 5_000,
  /** How long the reply to a STATUS or PING waits for a probe. */
  probeWaitMs: 1_000,
}

/** Fixed nodes: entries of `to`. */
export const fixedLimits = {
  /** Default and greatest limit of the requests that wait for a place at one node with `maxConnections`. */
  queueDefault: 100,
  queueMax: 100_000,
  /** Default of their deadline. */
  queueMs: 5_000,
  weightMax: 1_000,
  /** Time between two readings of a source: the shortest, and the defaults for names and for files. */
  sourceEveryMsMin: 100,
  namesEveryMs: 10_000,
  fileEveryMs: 2_000,
  /** Deadline of one reading, and of a look-up at one name server. */
  sourceMs: 5_000,
  lookupMs: 2_000,
  /** Nodes of one source. */
  sourceNodesMax: 50_000,
  /** So many take a second or more to be put in force, which is logged before. */
  manyNodes: 5_000,
  /** Bytes of a file with nodes. */
  fileBytesMax: 16_777_216,
  /** After a change a file is read again to see whether it is complete, ms. */
  fileRestMs: 100,
  /** Names of services whose addresses are looked up at a time. */
  lookupsMax: 8,
}

/** Probes of nodes. */
export const probeLimits = {
  /** Bytes of an answer that are read until it is complete. */
  answerBytesMax: 16_384,
  /** Rules of the configuration. */
  rulesMax: 1_000,
  /** Longest time between two probes of a quiet node with requests in flight. */
  busyIntervalMs: 60_000,
}

/** The state file. */
export const stateLimits = {
  /** A longer file is not read: a state of 1,000,000 contexts with as many bytes of changes. */
  bytesMax: 268_435_456,
  /** Changes of a shorter state are not appended; the file is replaced. */
  appendFromBytes: 65_536,
  /** How long the reply to a message waits for the disk. */
  waitMs: 1_000,
  /** Delay before changed load factors are written. */
  loadMs: 1_000,
  /** Delay after a failed write. */
  retryMs: 5_000,
}

/** The agent. */
export const agentLimits = {
  /** Reply of a proxy to one message; INFO of a large cluster is the longest. */
  replyBytesMax: 4_194_304,
  /** Head of such a reply: httpd writes its error text there, which may quote the message. */
  replyHeadBytesMax: 65_536,
  /** Deadline of one message, from connecting to the last byte of the reply. */
  messageMs: 5_000,
  /** Messages waiting for one proxy. */
  queueMax: 256,
  proxiesMax: 64,
  contextsMax: 256,
  /** Shortest and longest time between two load reports. */
  reportIntervalMsMin: 100,
  reportIntervalMsMax: 600_000,
  /** First delay before a failed proxy is tried again; doubled up to the report interval. */
  retryMs: 100,
  /** Longest time to wait for sessions and requests before leaving. */
  drainMsMax: 86_400_000,
  /** Interval of checks for them. */
  drainPollMs: 100,
  /** A node is idle after this time without a request: requests of a proxy may still be on the way. */
  drainQuietMs: 200,
  /** Keep-alive timeout of the server: longer than that of any proxy (Topspin: 60 s). */
  keepAliveMs: 75_000,
  /** Deadline of the last message to a proxy, and of all of them after a second signal. */
  removeMs: 1_000,
  hurriedMs: 1_000,
  /** How long the closing of the server waits for busy connections. */
  closeMs: 1_000,
  /** How long the primary of node:cluster waits for its workers after their drain deadline. */
  workersEndMs: 5_000,
  /** One message between processes that share a port, and those on the way to one of them, characters. */
  groupMessageMax: 1_048_576,
  /** How long one of them waits for the answer of another before it leaves. */
  groupReplyMs: 1_000,
  /** How long the last of them still serves, in case that another is about to join: PM2 starts one, then stops one. */
  newcomerMs: 500,
  newcomerPollMs: 20,
  /** Idle connections of one that leaves end after this. */
  idleMs: 500,
  /** Deadline for the command of the sidecar to end after the signal. */
  childEndMs: 10_000,
  /** Interval at which the load report in response headers is computed. */
  figuresMs: 100,
  /** Interval of DNS lookups, and of checks for proxies that stopped advertising. */
  discoveryMs: 5_000,
}

/** Health checks of the target of a sidecar, of `topspin announce` and of `topspin peer`. */
export const targetLimits = {
  /** Deadline for the connection. */
  connectMs: 2_000,
  /** How long one check waits for the outcome of its request. */
  waitMs: 2_000,
  /** How long a request waits for its answer before it is cut. */
  answerMs: 60_000,
  /** Requests in a row that are cut, by the target or by these deadlines, until the target is unhealthy. */
  cutsMax: 3,
}

/** Measures of the traffic (`/metrics`). */
export const measureLimits = {
  /** Rows by listener, balancer and context; further ones are counted together, as `other`. */
  contextsMax: 1_000,
  /** Listeners, those of earlier configurations included; further ones are `other`. */
  listenersMax: 32,
  /** How long a scrape may hold up this process before other work has its turn. */
  sliceMs: 5,
}

/** How logs and access logs are written. */
export const logOutputLimits = {
  /** Characters kept for a reader or a disk that is too slow; further lines are dropped and counted. */
  keptMax: 4_194_304,
  /** First and longest delay before a write is tried again because a pipe is full. */
  retryMs: 5,
  retryMsMax: 100,
  /** Delay before a write is tried again after another failure, as a full disk. */
  failedMs: 1_000,
  /** Deadline for opening a file. */
  openMs: 5_000,
  /** How long the end of the process waits for the last lines. */
  closeMs: 1_000,
}

/** Traffic worker processes and their channel to the primary. */
export const workerLimits = {
  workersMax: 256,
  /** Deadline for a worker to be ready after its start. */
  readyMs: 15_000,
  /** Deadline for a worker to open further addresses. */
  openMs: 5_000,
  /** How long the reply to a message waits for a worker to put the changes in force. */
  applyMs: 1_000,
  /** How long a request for live numbers waits for the workers. */
  refreshMs: 200,
  /** Interval of the periodic reports of a worker. */
  reportEveryMs: 1_000,
  /** A worker that does not answer for so many seconds, during which the primary runs, is killed and replaced. */
  unansweredMax: 30,
  /** A worker that ran for this long is replaced without delay. */
  soundMs: 10_000,
  /** First delay before another one is replaced; doubled for each in a row. */
  restartMs: 100,
  restartMsMax: 10_000,
  /** Time after the drain deadline until a worker is killed. */
  endMs: 1_000,
  /** Interval at which a worker checks that its primary lives. */
  primaryEveryMs: 250,
  /** How long messages of a worker that has exited are still received. */
  lastWordsMs: 100,
  /** Entries of the log on the way to the primary; further ones are dropped and counted. */
  logEntriesMax: 1_000,
}

/** When a node that answers nothing gets no more requests of its sessions. */
export const stallLimits = {
  /** Requests that wait there, of one process. */
  waitingMin: 4,
  /** Time without a byte from it, ms, and the same as a multiple of the usual service time. */
  quietMs: 1_000,
  usualTimes: 16,
  /** Longest time between two requests of its sessions. */
  gapMs: 2_000,
}

/** Hand-over between peers. */
export const handOverLimits = {
  /** Bytes of the body of an idempotent request that are kept, so that this server can still serve it. */
  keptBodyBytesMax: 65_536,
  /**
   * Bytes by which a head grows at most: mark, Via, forwarded fields. Longer heads than a peer accepts are served here.
   */
  addedHeadBytes: 1_024,
  /** Largest difference to the clock of the peer that signed a mark, including the time on the way. */
  markSkewMs: 30_000,
  /** Requests of one connection served here in a row, until Node.js's parser keeps the connection. */
  hereInARowMax: 64,
  /** Deadline of a probe of a failed peer. */
  probeMs: 2_000,
}

/** Candidacy functions and cascades. */
export const candidacyLimits = {
  /** Functions of one cascade, and paths with their own cascade. */
  stepsMax: 32,
  pathsMax: 100,
  /** One function with its argument, as text. */
  stepCharactersMax: 512,
  /** Quantifiers of one regular expression, so that no server name takes long to match. */
  quantifiersMax: 4,
  /** Characters of a server name that a regular expression is matched against. */
  matchedCharactersMax: 64,
  /** Names whose match is cached. */
  matchesMax: 4_096,
}

/** Shares of remote addresses in a limited resource (net/held-by-address.ts). */
export const heldLimits = {
  /** An item that is held for this time without a result leaves first when room is needed. */
  stalledMs: 1_000,
  /** So many bytes of a request's body at once show that it has not stalled. */
  progressBytes: 1_024,
  /**
   * Requests with incomplete bodies at one node; for a further one, one that has stalled or one of the address with the
   * most leaves. Below the threads of usual servers (Tomcat has 200).
   */
  uploadsAtNode: 64,
}

/** TLS of the listeners and towards nodes. */
export const tlsLimits = {
  /** Handshakes in progress at one listener of one process; a further one displaces another or is refused. */
  handshakesMax: 1_000,
  /** The first message of a client, with its records; of a longer one the name is not read. */
  helloBytesMax: 32_768,
  /** Certificates of one listener. */
  certificatesMax: 10_000,
  /** Sessions with nodes kept for resumption, one for each address. */
  sessionsMax: 1_000,
  /** File of a certificate, key or list of authorities. */
  fileBytesMax: 1_048_576,
  /** Deadline for trying out a certificate when it is read. */
  checkMs: 2_000,
}

/** Certificates that the proxy obtains itself. */
export const acmeLimits = {
  /** Deadline for each answer of the authority. */
  requestMs: 30_000,
  /** How often and how fast the end of a validation is asked for: about two minutes in all. */
  polling: { backoffAttempts: 14, backoffMinMs: 500, backoffMaxMs: 15_000 },
  /** Until an order is repeated for the first time: nobody has answered, or the authority has refused. */
  unreachableMs: 5_000,
  refusedMs: 60_000,
  backoffMaxMs: 3_600_000,
  /** Of what an authority asks for; a longer wait is cut to this. */
  retryAfterMaxMs: 86_400_000,
  /** Lock of a name in the storage: touched so often; free when it was not touched for so long; looked at so often. */
  lockTouchMs: 5_000,
  lockStaleMs: 30_000,
  lockLookMs: 2_000,
  /** At least so often the storage is read again. */
  lookEveryMs: 3_600_000,
  /** File of a certificate with its key. */
  fileBytesMax: 1_048_576,
}

/** Towards nodes with AJP13. */
export const ajpLimits = {
  /** Upper and lower limit of the packet size, including the packet's head. */
  packetBytesMax: 65_536,
  packetBytesMin: 1_024,
  /** Requests for parts of a body that a container may send in advance, or after the end of the body. */
  asksMax: 16,
  /** Deadline for the end of a response after its last byte. */
  endMs: 5_000,
}

/** Datagram sockets. */
export const datagramLimits = {
  /** Datagrams read by one socket in a second; the kernel drops further ones. */
  perSecondMax: 10_000,
  /** Datagrams on the way to the kernel; further ones are dropped. */
  sendsPendingMax: 10_000,
  /** Addresses of all names of a list together. */
  destinationsMax: 1_000,
  /** Interval of retries for sockets that could not be opened. */
  tickMs: 1_000,
  /** So many intervals between two lookups of names and interfaces. */
  refreshTicks: 5,
  /** How long closing waits for the last datagrams. */
  closeMs: 500,
}

/** Announcements of peers, and the table of peers. */
export const peerLimits = {
  /** One announcement; it fits into one packet of any network. */
  announcementBytesMax: 1_200,
  /** Lines of one announcement, including unknown ones. */
  announcementLinesMax: 64,
  /** A path that a peer serves. */
  contextBytesMax: 255,
  /** Known peers, including those that have left or stopped announcing. */
  peersMax: 1_024,
  /** Keys in a ring. */
  keysMax: 8,
  /** Deadlines of a joined server expire up to that much late: each look wakes an idle process. */
  tickMs: 250,
  /** Shortest and longest time between two announcements. */
  periodMsMin: 100,
  periodMsMax: 60_000,
  /** Announcements in one period; lost ones are repeated. */
  beatsMax: 8,
}

/** Questions to peers how much room they have, before a request is handed over. */
export const askLimits = {
  /** One question or answer. */
  bytesMax: 200,
  /** Peers that are asked for one request. */
  peersMax: 3,
  /** How long a request waits for answers. */
  waitMs: 4,
  /** Requests in one second for which peers are asked; further ones are decided without. */
  perSecondMax: 1_000,
  /** Questions of peers in one second that are answered. */
  answersPerSecondMax: 5_000,
}

/** mod_advertise's datagrams (mcmp.md 4). */
export const advertiseLimits = {
  /** One datagram; a Java node reads no more. */
  bytesMax: 512,
  /** Advertised proxies that an agent keeps. */
  foundMax: 100,
  /** Largest difference between the date of a datagram and the clock of this machine. */
  skewMs: 300_000,
  /** A found proxy is forgotten after this time without a datagram and without an answer. */
  silentMs: 60_000,
} as const
