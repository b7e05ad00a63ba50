// One node: its state in a sentence, what can be done with it, its last ten minutes, its contexts and everything that it
// told about itself.

import { useMemo, useRef, useState } from 'preact/hooks'
import type { ApiNode, ApiNodeDetail } from '../model/api.ts'
import type { NodeView } from '../model/cluster-view.ts'
import type { ActionName, Target } from '../model/consequences.ts'
import { byText, doneText, lastActionOn } from '../model/consequences.ts'
import { groupsOf } from '../model/event-text.ts'
import {
  bytesText,
  counted,
  dayAndClock,
  duration,
  milliseconds,
  numberText,
} from '../model/format.ts'
import { slotAt, slotMs, slots } from '../model/history.ts'
import { contextStates, nodeState, whoseStatus } from '../model/node-state.ts'
import { timelineOf } from '../model/timeline.ts'
import { ActionDialog } from './action-dialog.tsx'
import { Charts } from './charts.tsx'
import { LoadMetrics } from './load-metrics.tsx'
import { Failures, Registered } from './node-detail.tsx'
import { LoadBar } from './node-table.tsx'
import { EventList } from './recent.tsx'
import { nodeHref } from './route.ts'
import { Scroll } from './scroll.tsx'
import { Mark, StateText } from './shapes.tsx'
import type { Store } from './store.ts'
import { useRead } from './use-read.ts'

const eventsShown = 50
const detailEveryMs = 5_000

interface Properties {
  readonly store: Store
  readonly route: string
}

interface Asked {
  readonly action: ActionName
  readonly target: Target
}

export const NodePage = ({ store, route }: Properties) => {
  const view = store.view.node(route)
  const [asked, setAsked] = useState<Asked | undefined>(undefined)
  if (view === undefined)
    return (
      <section class="card">
        <h1>{route}</h1>
        <p>
          {store.isLoaded
            ? 'No node with this name is registered now.'
            : 'Reading the state of the cluster'}
        </p>
        <p>
          <a href="#/">All nodes</a>
        </p>
      </section>
    )
  const ask = (action: ActionName, target: Target): void => {
    if (action === 'enable' || action === 'readmit') void act(store, action, target)
    else setAsked({ action, target })
  }
  return (
    <>
      <Head store={store} view={view} ask={ask} />
      {view.fields.order != null && view.goneAt === undefined && (
        <Drain store={store} view={view} />
      )}
      <NodeBody store={store} view={view} ask={ask} />
      {asked !== undefined && (
        <ActionDialog store={store} {...asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  )
}

/** What needs no question. */
async function act(store: Store, action: 'enable' | 'readmit', target: Target): Promise<void> {
  const problem = await store.act({ action, ...target }, doneText)
  if (problem !== undefined) store.notify({ tone: 'bad', text: problem, undo: null })
}

interface PartProperties {
  readonly store: Store
  readonly view: NodeView
  readonly ask: (action: ActionName, target: Target) => void
}

const Head = ({ store, view: { fields, goneAt }, ask }: PartProperties) => {
  const { route, order, ejected, weight, fixed } = fields
  const state = nodeState(fields)
  const last = lastActionOn(store.actions, route)
  const can: readonly (readonly [ActionName, string])[] = [
    ...(ejected ? ([['readmit', 'Readmit']] as const) : []),
    ...(order == null ? ([['drain', 'Drain']] as const) : ([['enable', 'Enable']] as const)),
    ...(order == null ? ([['disable', 'Disable']] as const) : []),
    ...(order === 'STOPPED' ? [] : ([['stop', 'Stop']] as const)),
    ...(ejected ? [] : ([['eject', 'Eject']] as const)),
    ['weight', `Weight ${weight} %`],
    ...(fixed ? [] : ([['remove', 'Remove']] as const)),
  ]
  return (
    <header class="node-head">
      <p>
        <a href="#/">Nodes</a> /
      </p>
      <h1>{route}</h1>
      <p class="sentence">
        {goneAt === undefined ? (
          <>
            <StateText state={state} />{' '}
            <span>
              The node {state.sentence}
              {order == null ? '' : ', by order of an operator'}.
            </span>
          </>
        ) : (
          `It left ${duration(store.now() - goneAt)} ago.`
        )}
      </p>
      {isOrdered(fields) && last !== undefined && (
        <p class="soft">
          {dayAndClock(Date.parse(last.at), store.now())} {doneText(last)} {byText(last)}
        </p>
      )}
      {goneAt === undefined && store.isReader && <p class="soft">{forOperators}</p>}
      {goneAt === undefined && (
        <p class="buttons">
          {(store.isReader ? [] : can).map(([action, text]) => (
            <button
              key={action}
              type="button"
              class={action === 'remove' ? 'quiet' : ''}
              onClick={() => ask(action, { node: route })}
            >
              {text}
            </button>
          ))}
          <a class="button quiet" href={`#/explain?node=${encodeURIComponent(route)}`}>
            Explain a request
          </a>
          <a class="button quiet" href={`#/tail?follow=yes&node=${encodeURIComponent(route)}`}>
            Follow its requests
          </a>
        </p>
      )}
    </header>
  )
}

/** Whether an order of an operator is in force on the node, or on a context of it. */
const isOrdered = ({ order, ejected, weight, contexts }: ApiNode): boolean =>
  order != null || ejected || weight !== 100 || contexts.some((each) => each.order !== undefined)

const forOperators =
  'You may look at everything here. Drain, disable and the other actions are for operators: log in with the token of one.'

/** What is still there while an order keeps new requests away. */
const Drain = ({ store, view }: { readonly store: Store; readonly view: NodeView }) => {
  const { route, order, inFlight, sessions } = view.fields
  const most = useRef({ inFlight, sessions })
  most.current = {
    inFlight: Math.max(most.current.inFlight, inFlight),
    sessions: Math.max(most.current.sessions, sessions),
  }
  const ordered = store.actions.findLast(
    ({ nodes, undo }) => undo !== null && nodes.some((each) => each.route === route),
  )
  const endsAt =
    ordered?.drain?.state === 'sessions' && order === 'DISABLED'
      ? Date.parse(ordered.drain.until)
      : undefined
  const isEmpty = inFlight === 0 && (sessions === 0 || order === 'STOPPED')
  return (
    <section class="card drain" aria-labelledby="drain">
      <h2 id="drain">{isEmpty ? 'Drained' : 'Draining'}</h2>
      <p class="countdown">
        <Left name="request" left={inFlight} of={most.current.inFlight} />
        <Left name="session" left={sessions} of={most.current.sessions} />
      </p>
      <p>
        {drainText(isEmpty, order === 'STOPPED', sessions)}
        {endsAt !== undefined &&
          ` It is stopped in ${duration(endsAt - store.now())} at the latest.`}
      </p>
      <p class="buttons" hidden={store.isReader}>
        <button
          type="button"
          onClick={() =>
            ordered?.undo == null
              ? void act(store, 'enable', { node: route })
              : void store.undo(ordered.undo)
          }
        >
          {isEmpty ? 'Bring it back' : 'Cancel: bring it back'}
        </button>
      </p>
    </section>
  )
}

function drainText(isEmpty: boolean, isStopped: boolean, sessions: number): string {
  if (isEmpty)
    return 'Nothing is left here: the process can be ended or replaced. The order stays until you end it.'
  if (isStopped)
    return 'No further requests come. Those in flight may end. Its sessions go on at other nodes.'
  return sessions > 0
    ? 'Requests of its sessions still come, until the sessions end. New clients go to other nodes. Stop it to end the wait: its sessions then go on at other nodes.'
    : 'No sessions are left. The requests in flight may end.'
}

interface LeftProperties {
  readonly name: string
  readonly left: number
  readonly of: number
}

const Left = ({ name, left, of }: LeftProperties) => (
  <span class="left">
    <strong>{left}</strong> {left === 1 ? name : `${name}s`} left
    <i aria-hidden="true">
      <b style={{ width: `${of === 0 ? 0 : (left / of) * 100}%` }} />
    </i>
  </span>
)

const NodeBody = ({ store, view, ask }: PartProperties) => {
  const { fields, history } = view
  const { route } = fields
  const slot = slotAt(store.now()) - 1
  const isHere = view.goneAt === undefined
  const path = isHere ? nodeHref(route).slice(1) : undefined
  const { answer } = useRead<ApiNodeDetail>(path, detailEveryMs)
  const detail = isHere ? answer : undefined
  const own = useMemo(
    () =>
      store.events.filter(({ detail }) => detail['route'] === route || detail['node'] === route),
    [store.events, route],
  )
  const lanes = useMemo(() => timelineOf(own, (slot - slots + 1) * slotMs), [own, slot])
  const groups = useMemo(() => groupsOf(own).slice(0, eventsShown), [own])
  return (
    <>
      <Charts history={history} slot={slot} lanes={lanes} lanesMax={2} now={fields} />
      <div class="columns">
        <div class="stack">
          <section class="card" aria-labelledby="contexts">
            <h2 id="contexts">Contexts</h2>
            <ContextTable view={view} ask={store.isReader ? undefined : ask} />
          </section>
          {detail !== undefined && (
            <>
              <LoadMetrics factor={detail.loadFactor} metrics={detail.loadMetrics} />
              <Failures detail={detail} />
            </>
          )}
          <section class="card" aria-labelledby="events">
            <h2 id="events">Events</h2>
            {groups.length === 0 ? <p class="soft">None so far.</p> : <EventList groups={groups} />}
          </section>
        </div>
        <div class="stack">
          <section class="card" aria-labelledby="told">
            <h2 id="told">What is known of it</h2>
            <Facts store={store} view={view} />
          </section>
          {detail !== undefined && <Registered detail={detail} />}
        </div>
      </div>
    </>
  )
}

interface ContextProperties {
  readonly view: NodeView
  /** Absent for those who may only look. */
  readonly ask: PartProperties['ask'] | undefined
}

const ContextTable = ({ view: { fields, goneAt }, ask }: ContextProperties) => {
  if (fields.contexts.length === 0) return <p class="soft">It has registered none.</p>
  return (
    <Scroll label="Contexts of the node">
      <table>
        <thead>
          <tr>
            <th scope="col">context</th>
            <th scope="col">state</th>
            <th scope="col" class="number">
              in flight
            </th>
            <th scope="col">
              <span class="hidden">actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.contexts.map((context) => {
            const { path, alias, status, order, inFlight } = context
            const target = { node: fields.route, context: path, alias }
            const state = contextStates[status]
            return (
              <tr key={`${alias} ${path}`}>
                <th scope="row">
                  {path} <span class="soft">{alias}</span>
                </th>
                <td>
                  <span class={`state ${state.tone}`}>
                    <Mark state={state} />
                    {state.word}
                  </span>{' '}
                  <span class="soft">{whoseStatus(context)}</span>
                </td>
                <td class="number">{inFlight}</td>
                <td class="buttons">
                  {goneAt === undefined &&
                    ask !== undefined &&
                    (order === undefined ? (
                      <>
                        <button
                          type="button"
                          class="quiet"
                          aria-label={`Disable ${path} on ${alias}`}
                          onClick={() => ask('disable', target)}
                        >
                          Disable
                        </button>
                        <button
                          type="button"
                          class="quiet"
                          aria-label={`Stop ${path} on ${alias}`}
                          onClick={() => ask('stop', target)}
                        >
                          Stop
                        </button>
                      </>
                    ) : (
                      <button
                        type="button"
                        aria-label={`Enable ${path} on ${alias}`}
                        onClick={() => ask('enable', target)}
                      >
                        Enable
                      </button>
                    ))}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Scroll>
  )
}

const Facts = ({ store, view }: { readonly store: Store; readonly view: NodeView }) => {
  const { fields } = view
  const { room } = fields
  const reported =
    fields.reportedAt == null ? 'never' : `${duration(store.now() - fields.reportedAt)} ago`
  const rows: readonly (readonly [string, unknown])[] = [
    ['address', `${fields.type}://${fields.host}:${fields.port}`],
    ['balancer', fields.balancer],
    ['domain', fields.domain === '' ? 'none' : fields.domain],
    ['load factor', <LoadBar key="load" factor={fields.loadFactor} />],
    ['last report', fields.fixed ? 'none: it is named in the configuration' : reported],
    ...(fields.source === '' ? [] : [['source', fields.source] as const]),
    ['connections', numberText(fields.connections)],
    ['requests in hand', numberText(room.inHand)],
    ...(room.long > 0 ? [['long requests', numberText(room.long)] as const] : []),
    ['room', `for about ${numberText(room.knee)} at a time`],
    ['usual time', milliseconds(room.ms)],
    ['limit', fields.maxConnections === null ? 'none' : counted(fields.maxConnections, 'request')],
    ['queue', counted(fields.queued, 'request')],
    ['sessions', numberText(fields.sessions)],
    ['requests so far', numberText(fields.elected)],
    ['failed attempts', numberText(fields.failures)],
    ['errors (5xx)', numberText(fields.errors)],
    ['received', bytesText(fields.bytesRead)],
    ['sent', bytesText(fields.bytesSent)],
  ]
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value as string}</dd>
        </div>
      ))}
    </dl>
  )
}
