// The result of parsing a message: the message, or the problem for the reply.

import type { Message } from './message.ts'
import type { McmpProblem } from './problem.ts'

export type Parsed =
  | {
      readonly ok: true
      readonly message: Message
      /** Fields of CONFIG that were ignored because of their values (mcmp.md decisions 18, 19). */
      readonly ignored?: readonly string[]
    }
  | McmpProblem
