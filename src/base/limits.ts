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
  /** How long the client of a WebSocket is waited for after a Close frame of the proxy itself. */
  websocketCloseMs: 5_000,
  /** How long a further connection to a node that has ended a WebSocket stays open at a node that is running. */
  goneCheckMs: 200,
  /** Bytes of a request kept for a retry: room for one whole read and a head that has grown on the way. */
  replayBytesMax: 196_608,
  /** Requests that wait for a usable node (WaitWorker). */
  waitingMax: 1_000,
  /** How long a connection rests after a response without a body, before it carries another request. */
  restMs: 100,
  /** The same while `restingMany` connections to the node rest. */
  restMsMin: 10,
  restingMany: 64,
  /** A connection to a node that has been idle for less, ms, is used without a look whether the node has closed it. */
  uncheckedIdleMs: 100,
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

/** HTTP/2 from clients and to nodes. "A fault" draws on `faultBurst` and `faultRate`; GOAWAY ENHANCE_YOUR_CALM follows beyond them. */
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
  /** WINDOW_UPDATE frames before each is a fault; so many more for each frame of DATA that we sent, and one for so many bytes. */
  windowUpdatesFree: 1_000,
  windowUpdatesForData: 10,
  bytesForWindowUpdate: 2,
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
  /** The same where another process serves the client from then on, and nothing waits for the end of this one. */
  leavePingMs: 5_000,
  /** How often the deadlines of the streams of a connection are looked at, ms. */
  checkMs: 500,
  /** Bytes read and dropped after a GOAWAY with an error. */
  lingerBytesMax: 1_048_576,
  /** PRIORITY_UPDATE frames for streams that have not begun. */
  earlyPrioritiesMax: 128,
  /** Streams of one connection to a node; another one is opened while all are full. */
  nodeStreamsMax: 100,
  /** How often the deadlines of the streams of a connection to a node are looked at, ms. */
  nodeCheckMs: 100,
  /** A connection to a node that has been silent for so long is tested with a PING before a stream begins, ms. */
  silenceMs: 10_000,
  /** A connection to a node that was heard of so lately is not about to close, ms. */
  freshMs: 1_000,
  /** How long the end of a stream is awaited when its response is complete by its length, ms. */
  endMs: 5_000,
  /** How long a node that has chosen HTTP/1.1 by ALPN is not offered HTTP/2 again, ms. */
  negotiatedMs: 300_000,
  /** How long a connection to a node gets new streams, ms. */
  sessionMs: 3_600_000,
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
  preparedMs: 60_000,
  /** How long the old process goes on with control messages that are on their way. */
  messagesMs: 2_000,
  /** From then on until the new process answers them. */
  readyMs: 15_000,
  /** How long the answer of the order may take beyond that. */
  answerMs: 5_000,
  /** Interval at which the old process looks for nodes that it has found down, to give them another try. */
  tryAgainMs: 250,
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
  /** Characters of another field of a request in the access log. */
  fieldMax: 512,
}

/** The format of the access log (config/log-template.ts). */
export const logFormatLimits = {
  /** Characters of a template, and its pieces of text and variables. */
  templateMax: 2_048,
  partsMax: 128,
  /** Fields of a request in a line. */
  fieldsMax: 16,
}

/** Traces on their way to a receiver (server/tracing/), in each process. */
/** Status pages of peers that the API reads (control/peers/). */
export const peerPageLimits = {
  pagesMax: 64,
  peersMax: 1_000,
  bytesMax: 1_048_576,
  withinMs: 2_000,
  /** A reading serves everybody who asks within this time. */
  everyMs: 1_000,
}

export const traceLimits = {
  /** Requests that wait to be sent; further ones are dropped. */
  keptMax: 4_096,
  /** Requests in a message, so that its text takes about a millisecond. */
  batchMax: 256,
  everyMs: 1_000,
  /** Deadline of an answer. */
  answerMs: 10_000,
  /** Between attempts to send a message that failed, doubled each time. */
  retryMs: 1_000,
  retryMaxMs: 30_000,
  /** At the end of the process. */
  closeMs: 2_000,
}

/** Characters of the id of a request that a trusted proxy in front has given it. */
export const requestIdMax = 128

/** Events and actions of the API (control/events/, control/api/). */
export const eventLimits = {
  keptMax: 1_000,
  actionsMax: 1_000,
  /** Streams of events at a time. */
  streamsMax: 32,
  /** Bytes that a stream's reader has not taken yet; beyond them nothing is added, and it is cut. */
  streamBytesMax: 1_048_576,
  /** When all streams are taken, one that is open for so long makes room for a new one of the same address. */
  turnMs: 10_000,
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
  nodesMax: 20_000,
  hostsMax: 40_000,
  contextsMax: 200_000,
  balancersMax: 200,
  /** A node whose last STATUS is older than this is on standby (decision 39). */
  statusTimeoutMs: 60_000,
  /** A node that is down for longer than this is removed (decision 40). */
  removeDownMs: 300_000,
  /** The field that tells the values behind a load factor, characters; metrics in it, and the name of one. */
  loadMetricsBytesMax: 2_048,
  loadMetricsMax: 16,
  loadMetricNameMax: 64,
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
  /** Connections to the control listener where the open files allow, and where they are few. */
  connectionsMax: 20_000,
  connectionsMaxLeast: 1_000,
  /** The share of them that one address may have, and its messages in progress. */
  sourceShare: 0.8,
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
  /**
   * A STATUS is answered without a probe while the node was read from, answered a probe, or sent a STATUS within this time.
   */
  freshMs: 5_000,
  /** How long the reply to a STATUS or PING waits for a probe. */
  probeWaitMs: 1_000,
  /**
   * Probes of nodes that are up and quiet at once, and in each second after that: each of 1,000 every 5 s, each of 10,000
   * every 50 s. Beyond them a STATUS, which the node itself has sent a moment ago, is answered by what is known of the node.
   */
  quietProbesBurst: 200,
  quietProbesRate: 200,
}

/** A registry that proxies share. */
export const sharedLimits = {
  /** One record in the store. */
  recordBytesMax: 131_072,
  /** Everything in the store. */
  storeBytesMax: 67_108_864,
  /** Puts of one proxy under way: with more of them, all take longer. */
  putsMax: 64,
  /** A put, a listing or another question to the store; then the proxy goes on alone. */
  putMs: 1_500,
  listMs: 10_000,
  /** A listing that tells nothing for so long is begun anew. */
  listStallMs: 2_000,
  /** Attempts to write a message upon what other proxies write at the same time, and how long they go on. */
  roundsMax: 5,
  takeMs: 2_000,
  /** How long a refused put waits for the watch, before it asks the store. */
  refusedMs: 100,
  /** How long messages wait for the first listing. */
  joinMs: 1_500,
  /** Between two proofs that store and watch live, and until the watch has to show one; while alone. */
  tickMs: 2_000,
  aloneTickMs: 500,
  /** Silent watches in a row before another server is tried. */
  deafMax: 3,
  /** A proxy whose record is not renewed for so long is gone; its record is deleted. */
  proxyGoneMs: 7_000,
  proxyKeptMs: 60_000,
  /** How long the records of removed nodes and of orders that ended are kept, for messages that come late. */
  removedKeptMs: 600_000,
  /** How long the reply to DISABLE, STOP and REMOVE waits for the other proxies. */
  syncMs: 1_000,
  /** Loads: changed ones, all, bytes of one message, and the question of a proxy that starts. */
  loadsMs: 200,
  allLoadsMs: 5_000,
  loadBytesMax: 65_536,
  askLoadsMs: 300,
  /** A proxy that starts is ready after this without the store, if it has nodes. */
  readyMs: 5_000,
  /** No node falls silent when more than this share would within that time. */
  massSilence: 0.33,
  massSilenceMs: 10_000,
  proxiesMax: 64,
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
  /** How long a source that is told of changes (Kubernetes, Consul, Docker) rests after a failure. */
  watchEveryMs: 2_000,
  /** Deadline of one reading, and of a look-up at one name server. */
  sourceMs: 5_000,
  lookupMs: 2_000,
  /** Changes of a list within this time are put in force together. */
  sourceRestMs: 100,
  /** A source that fails for so long is logged once more. */
  sourceKeepMs: 600_000,
  /** Entries of a list that cannot be used, which are shown. */
  sourceProblemsMax: 20,
  /** One answer of a source over HTTP, and one event; its text in an error. */
  answerBytesMax: 33_554_432,
  eventBytesMax: 8_388_608,
  errorTextMax: 300,
  /** A watch at Kubernetes or Docker ends after so long, and the next one begins: an interrupted one is not always noticed. */
  watchMs: 60_000,
  /** Longest wait of a question to Consul for a change. */
  blockMs: 30_000,
  /** Between two watches or questions, of a server that ends each at once. */
  watchRestMs: 250,
  /** Slices in one answer of Kubernetes, and answers in one list. */
  slicesMax: 500,
  pagesMax: 100,
  /** Endpoints of one source, those that are no nodes included. */
  endpointsMax: 200_000,
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

/** Rules of `routes`. */
export const ruleLimits = {
  rulesMax: 1_000,
  /** Hosts, paths, methods or networks of one rule, each. */
  valuesMax: 1_000,
  /** Header fields that one rule sets. */
  fieldsMax: 50,
  /** Characters of a fixed answer. */
  bodyMax: 65_536,
  /** Clients whose rate is limited by one rule, in each process; those of the half that were seen last are kept. */
  bucketsMax: 100_000,
  /** Passwords that are being compared in each process, and how long one may take, ms. */
  loginsMax: 64,
  loginMs: 10_000,
  /** Bodies that each process compresses at a time; further ones are sent as they are. */
  compressorsMax: 256,
  /** Credentials of one rule that were right, in each of two generations. */
  loginsRememberedMax: 1_000,
}

/** Probes of nodes. */
export const probeLimits = {
  /** A node that refuses connections gets a request when no node is usable, at most one in this time in each process, ms. */
  lastResortMs: 250,
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
  /** Least time between the begins of two writes. */
  writesEveryMs: 5,
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
  /** Characters of that text in errors and in the log. */
  messMax: 200,
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
  /** Connections of agent checks at once, and the longest time of one. */
  checkConnectionsMax: 64,
  checkMs: 1_000,
  /** Between two attempts to open the port of agent checks. */
  checkRetryMs: 1_000,
  /** An agent check in this time means that a HAProxy follows this node. */
  checkRecentMs: 10_000,
  /** How long a node that leaves waits until every HAProxy has checked it: its default interval is 2 s. */
  checkSeenMs: 2_500,
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
  /** Rows of each other metric in /metrics; further ones are one row, `other`. */
  rowsMax: 300,
  /** How long an answer about all nodes may hold up this process before other work has its turn, ms. */
  sliceMs: 5,
}

/** What is kept of the failures of one node, for operators. */
export const failureLimits = {
  keptMax: 50,
  /** Characters of the path of the request, and of the reason. */
  textMax: 256,
}

/** Rates and times of requests for operators (control/trends.ts). */
export const trendLimits = {
  /** Time between two readings; ten minutes are kept. */
  everyMs: 5_000,
  pointsMax: 120,
  /** Nodes whose history is kept, in table order. */
  nodesMax: 1_000,
}

/** Who may use the pages of the control listener. */
export const accessLimits = {
  tokensMax: 100,
}

/** Actions of operators (control/api/steering.ts). */
export const steeringLimits = {
  /** Drains that run at a time. */
  drainsMax: 64,
  /** How long sessions may continue: by default, and at most. */
  drainMs: 30_000,
  drainMsMax: 86_400_000,
  /** How long requests in flight may take after the stop. */
  lastRequestsMs: 30_000,
  drainPollMs: 200,
}

/** Requests that operators follow. */
export const tailLimits = {
  /** Followers at a time. */
  streamsMax: 8,
  /** How often a process reports what it has, and how many requests at most; further ones are counted. */
  everyMs: 250,
  requestsMax: 250,
  /** Characters of each text of a request. */
  textMax: 1_024,
  /** A comment is sent so often, so that nobody between takes the stream for dead. */
  quietMs: 15_000,
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
  /** Deadline for a worker to be ready after its start, which takes long on a machine without a free processor. */
  readyMs: 45_000,
  /** Deadline for a worker to open further addresses. */
  openMs: 5_000,
  /** How long the reply to a message waits for a worker to put the changes in force. */
  applyMs: 1_000,
  /** Least time between two orders to a worker. */
  ordersEveryMs: 4,
  /** How long load factors wait for others, so that one order to the workers has them all. */
  loadsEveryMs: 100,
  /** For how long a worker applies changes before requests have their turn. */
  applyTurnMs: 5,
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
   * How long a request waits for its whole body, or for `progressBytes` of it, from the first piece until a connection to
   * a node is leased: longer than a client waits between head and body by Nagle's algorithm (40 ms).
   */
  beginMs: 100,
  /** Requests with incomplete bodies that begin in one turn of the event loop after that. */
  begunMax: 16,
  /**
   * Requests with incomplete bodies at one node; for a further one, one that has stalled or one of the address with the
   * most leaves. Below the threads of usual servers (Tomcat has 200).
   */
  uploadsAtNode: 64,
}

/** Look-ups of the names of nodes. */
export const dnsLimits = {
  /** Names whose last addresses are kept. */
  namesMax: 20_000,
  /** How long an answer of the resolver is awaited before the last addresses are used, ms. */
  answerMs: 1_000,
  /** Of the time to connect, the share in which a name that has no addresses yet must have some. */
  connectShare: 0.9,
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
  /** Default time between two looks at the files of certificates. */
  watchMs: 10_000,
  /** So long a changed file has to stay as it is before it is read. */
  settleMs: 1_000,
  /** Days before its end at which the log reports a certificate. */
  expiryDays: [30, 7, 1] as readonly number[],
  /** How often certificates are looked at for that. */
  expiryLookMs: 3_600_000,
  /** Of the keys of session tickets, and the least of a file from which they are made. */
  ticketKeyBytes: 48,
  /** How long keys of session tickets that the proxy makes itself are used. */
  ticketKeyMs: 43_200_000,
  /** Certificates in /metrics: those that expire first. */
  shownMax: 200,
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
  /** How often renewal information is asked for, and the limits of what an authority asks for instead. */
  infoMs: 21_600_000,
  infoMinMs: 60_000,
  infoMaxMs: 86_400_000,
  /** The directory, or renewal information. */
  answerBytesMax: 65_536,
  /** How often the storage is looked at for what other proxies have changed, and how long an answer may take to reach them. */
  storeLookMs: 1_000,
  spreadMs: 2_500,
  /** An answer to a challenge that is older was left behind. */
  answerStaleMs: 600_000,
  /** Names from aliases of nodes that `acme.allow` allows. */
  aliasesMax: 1_000,
  /** After a change of aliases. */
  aliasesMs: 300,
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

/** A connection to NATS. */
export const natsLimits = {
  connectMs: 2_000,
  /** Between two attempts: of the client after a break, and after it has given up or never succeeded. */
  reconnectMs: 250,
  retryMs: 500,
  /** Between two pings, and how many may be unanswered. */
  pingMs: 2_000,
  pingsMax: 2,
  /** How long the last messages may take at the end. */
  closeMs: 1_000,
  /** Messages of a group that are read in a second. */
  perSecondMax: 10_000,
  /** Peers in a group: each hears all others, so the work of the server grows with the square. More are logged. */
  peersMax: 300,
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

/** Other proxies that are given the cluster (`xds`, `haproxy`). */
export const engineLimits = {
  /** How long the reply to DISABLE-APP, STOP-APP and REMOVE-APP waits until they have it in force. */
  inForceMs: 1_000,
  /** Problems that are shown of one. */
  problemsMax: 20,
  /** How long nodes have to report after a start that knew none; `control.statusTimeout` where that is less. */
  learnMs: 15_000,
  /** Between two looks whether they have. */
  lookMs: 50,
}

/** The runtime API of HAProxy. */
export const haproxyLimits = {
  connectMs: 1_000,
  /** Longest pause in its answers, and the deadline for those of one exchange. */
  pauseMs: 2_000,
  answerMs: 10_000,
  /** All answers of an exchange; the state of 20,000 servers has 3 MB. */
  answerBytesMax: 16_777_216,
  /** Characters of an answer to a command that has failed. */
  failureTextMax: 300,
  /** Between two looks whether HAProxy was reloaded; shortest time between two sets of weights; between two comparisons. */
  lookMs: 200,
  weightsMs: 1_000,
  compareMs: 10_000,
}

/** The discovery service for Envoys. */
export const xdsLimits = {
  streamsMax: 256,
  /** Beyond them a connection without a stream leaves, or the newcomer. */
  connectionsMax: 512,
  /** Responses that an Envoy has not taken: one of each type, unless it answers what it does not read. */
  responsesWaitingMax: 8,
  /** Shortest time between two responses of a type to one Envoy: it rebuilds its load balancers for each. */
  gapMs: 200,
  requestBytesMax: 4_194_304,
  /** Characters that are kept of a refusal. */
  textMax: 500,
  /** Silence on a connection before it is probed, and until it is given up. */
  keepaliveMs: 20_000,
  keepaliveTimeoutMs: 5_000,
  /** From accepting a connection to the end of its TLS handshake. */
  handshakeMs: 10_000,
  /** Between two attempts to open the port while the process before has it. */
  retryMs: 200,
}
