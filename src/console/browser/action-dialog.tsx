// Asks before an action, with what it will do and a field for the reason that is kept with the record.

import { useState } from 'preact/hooks'
import {
  type ActionName,
  consequencesOf,
  doneText,
  type Target,
  titleOf,
} from '../model/consequences.ts'
import { duration } from '../model/format.ts'
import { Dialog } from './dialog.tsx'
import type { Store } from './store.ts'

/** ms. */
const drainTimes = [0, 30_000, 120_000, 300_000, 900_000, 3_600_000]

interface Properties {
  readonly store: Store
  readonly action: ActionName
  readonly target: Target
  readonly onClose: () => void
}

export const ActionDialog = ({ store, action, target, onClose }: Properties) => {
  const [reason, setReason] = useState('')
  const [withinMs, setWithin] = useState(30_000)
  const [weight, setWeight] = useState(store.view.node(target.node)?.fields.weight ?? 100)
  const node = store.view.node(target.node)
  if (node === undefined) return null
  const others = store.view.nodes.filter((each) => each !== node).map(({ fields }) => fields)
  const title = titleOf(action, target)
  return (
    <Dialog
      title={title}
      doText={title}
      isDangerous={['stop', 'remove', 'eject'].includes(action)}
      onClose={onClose}
      onDo={() =>
        store.act(
          {
            action,
            ...target,
            ...(reason === '' ? {} : { reason }),
            ...(action === 'drain' ? { withinMs } : {}),
            ...(action === 'weight' ? { weight } : {}),
          },
          doneText,
        )
      }
    >
      {consequencesOf(action, target, node.fields, others).map((text) => (
        <p key={text}>{text}</p>
      ))}
      {action === 'drain' && (
        <label class="field">
          Sessions may continue for
          <select
            value={withinMs}
            onChange={({ currentTarget: { value } }) => setWithin(Number(value))}
          >
            {drainTimes.map((ms) => (
              <option key={ms} value={ms}>
                {ms === 0 ? 'no time' : duration(ms)}
              </option>
            ))}
          </select>
        </label>
      )}
      {action === 'weight' && (
        <label class="field">
          Weight, percent
          <input
            type="number"
            min={1}
            max={100}
            value={weight}
            onInput={({ currentTarget: { value } }) => setWeight(Number(value))}
          />
        </label>
      )}
      <label class="field">
        Reason, for the record
        <input
          value={reason}
          maxLength={200}
          placeholder="optional"
          onInput={({ currentTarget: { value } }) => setReason(value)}
        />
      </label>
    </Dialog>
  )
}
