// What the parsers of messages give: the message, or the problem to answer with.

import type { Message } from './message.ts'
import type { McmpProblem } from './problem.ts'

export type Parsed =
  | {
      readonly ok: true
      readonly message: Message
      /** Fields of CONFIG that counted as not sent since their value meant nothing (decisions 18, 19). */
      readonly ignored?: readonly string[]
    }
  | McmpProblem
