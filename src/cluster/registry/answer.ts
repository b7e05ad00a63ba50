// Replies to messages that change nothing: INFO, DUMP, VERSION and PING (mcmp.md 1.6). Called by the registry.

import { writeDumpText, writeDumpXml } from '../../wire/mcmp/dump.ts'
import { writeInfoText, writeInfoXml } from '../../wire/mcmp/info.ts'
import type { PingMessage, QueryMessage } from '../../wire/mcmp/message.ts'
import { type McmpProblem, problem } from '../../wire/mcmp/problem.ts'
import { pingReply, type Reply, textReply, xmlReply } from '../../wire/mcmp/reply.ts'
import { versionText, versionXml } from '../../wire/mcmp/version.ts'
import { findNode, type Snapshot } from '../snapshot.ts'
import type { Facts } from './facts.ts'
import { pinged, questionKey } from './questions.ts'
import { tables } from './tables.ts'

/** A node that receives this registers again, as after a restart of the proxy (mcmp.md decision 27). */
export const unknownRoute = (route: string): McmpProblem =>
  problem('MEM', `MEM: Can't read node with "${route}" JVMRoute`)

export function answerPing(
  message: PingMessage,
  snapshot: Snapshot,
  facts: Facts,
  runId: string,
): Reply {
  if (message.route !== undefined && findNode(snapshot, message.route) === undefined)
    return unknownRoute(message.route)
  const itself = message.route === undefined && message.address === undefined
  const node = pinged(message, snapshot)
  const answered = itself || (node !== undefined && facts.answers.get(questionKey(node)) === true)
  return pingReply(message.route, answered ? 'OK' : 'NOTOK', runId)
}

export function answerQuery(message: QueryMessage, snapshot: Snapshot, facts: Facts): Reply {
  const { method, xml, forNode = false } = message
  if (method === 'VERSION') return xml ? xmlReply(versionXml) : textReply(versionText)
  const rows = tables(snapshot, facts.live, !forNode)
  if (method === 'INFO') return xml ? xmlReply(writeInfoXml(rows)) : textReply(writeInfoText(rows))
  return xml ? xmlReply(writeDumpXml(rows)) : textReply(writeDumpText(rows))
}
