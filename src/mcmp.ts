// The door `topspin/mcmp`: the MCMP codec for other programs. Node.js built-ins only, no sockets.

export {
  type BodyOptions,
  messageTarget,
  type Pair,
  parseBody,
  writeBody,
} from './wire/mcmp/body.ts'
export type { ContextStatus } from './wire/mcmp/context-status.ts'
export {
  type Dump,
  type DumpBalancer,
  type DumpNode,
  writeDumpText,
  writeDumpXml,
} from './wire/mcmp/dump.ts'
export {
  type FramedRequest,
  type FrameEvent,
  type FrameLimits,
  FrameReader,
} from './wire/mcmp/frame.ts'
export type { MessageHead } from './wire/mcmp/head.ts'
export {
  type Info,
  type InfoAlias,
  type InfoContext,
  type InfoNode,
  writeInfoText,
  writeInfoXml,
} from './wire/mcmp/info.ts'
export type {
  AppMessage,
  AppMethod,
  ConfigMessage,
  Message,
  Method,
  PingMessage,
  QueryMessage,
  StatusMessage,
} from './wire/mcmp/message.ts'
export {
  isWildcard,
  type MessageRequest,
  methodOf,
  parseMessage,
} from './wire/mcmp/parse.ts'
export {
  parseInfo,
  type ReadContext,
  type ReadInfo,
  type ReadInfoResult,
  type ReadNode,
  type ReadVhost,
} from './wire/mcmp/parse-info.ts'
export type { Parsed } from './wire/mcmp/parsed.ts'
export type { McmpProblem, ProblemType } from './wire/mcmp/problem.ts'
export {
  parseReply,
  type Reply,
  type ReplyOptions,
  type Success,
  writeReply,
} from './wire/mcmp/reply.ts'
export { protocolVersion, releaseName, versionText, versionXml } from './wire/mcmp/version.ts'
