// The door `topspin/peer`: a server of this process announces what it has free, and hands requests over to peers that are
// better placed. Needs built-in modules of Node.js only.

export { TopspinError } from '../base/errors.ts'
export type { Logger } from '../base/log.ts'
export type { UserCandidacy } from '../candidacy/candidacy.ts'
export { type FastifyPeersPlugin, fastifyPeers } from './frameworks/fastify.ts'
export { type HonoPeersMiddleware, honoPeers } from './frameworks/hono.ts'
export { type KoaPeersMiddleware, koaPeers } from './frameworks/koa.ts'
export { type NestPeersModule, nestPeers } from './frameworks/nest.ts'
export type { HandOverCounts } from './hand-over/hand-over.ts'
export { type JoinPeersOptions, joinPeers } from './join-peers.ts'
export type { MembershipOptions, PeersOptions } from './options.ts'
export type { PeerMiddleware } from './parsed/middleware.ts'
export type { Peers } from './peers.ts'
export { startPeers } from './start-peers.ts'
