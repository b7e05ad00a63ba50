// The door `topspin/peer`: every web server is a balancer. A server of this process announces what it has
// free, and hands requests over to peers that are better placed. Node.js built-ins only.

export { TopspinError } from '../base/errors.ts'
export type { Logger } from '../base/log.ts'
export type { UserCandidacy } from '../candidacy/candidacy.ts'
export { type FastifyPeersPlugin, fastifyPeers } from './frameworks/fastify.ts'
export { type HonoPeersMiddleware, honoPeers } from './frameworks/hono.ts'
export { type KoaPeersMiddleware, koaPeers } from './frameworks/koa.ts'
export { type NestPeersModule, nestPeers } from './frameworks/nest.ts'
export { type JoinPeersOptions, joinPeers } from './join-peers.ts'
export type { PeerOptions } from './membership/options.ts'
export type { HandOverCounts } from './parsed/hand-over.ts'
export type { PeerMiddleware } from './parsed/middleware.ts'
export type { PeersOptions } from './peers-options.ts'
export { type Peers, startPeers } from './start-peers.ts'
