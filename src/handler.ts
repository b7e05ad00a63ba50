// The door `topspin/handler`: forwards the requests of a server of this program to nodes.

export type { AccessEntry } from './forward/index.ts'
export {
  createHandler,
  type Handler,
  type HandlerOptions,
} from './server/embedding/create-handler.ts'
export type { OptionValue, TopspinOptions } from './server/embedding/options.ts'
export type { ExplainOptions, ReloadOutcome } from './server/embedding/running.ts'
