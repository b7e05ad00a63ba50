// A state as a shape, a word and a colour, so that none of them is needed alone.

import type { ComponentChild } from 'preact'
import type { Shape, State } from '../model/node-state.ts'

const marks: Readonly<Record<Shape, ComponentChild>> = {
  full: <circle cx="6" cy="6" r="4.5" />,
  half: (
    <>
      <circle cx="6" cy="6" r="4" class="line" />
      <path d="M6 2a4 4 0 0 1 0 8z" />
    </>
  ),
  hollow: <circle cx="6" cy="6" r="4" class="line" />,
  diamond: <path d="M6 1 11 6 6 11 1 6z" />,
  triangle: <path d="M6 1 11.5 10.5H.5z" />,
  cross: <path d="M1 3 3 1l3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3z" />,
}

export const Mark = ({ state }: { readonly state: Pick<State, 'shape' | 'tone'> }) => (
  <svg class={`mark ${state.tone}`} viewBox="0 0 12 12" aria-hidden="true">
    {marks[state.shape]}
  </svg>
)

export const StateText = ({ state }: { readonly state: State }) => (
  <span class={`state ${state.tone}`} title={state.sentence}>
    <Mark state={state} />
    {state.word}
  </span>
)
