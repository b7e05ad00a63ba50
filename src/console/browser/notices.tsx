// What was just done, with its undo.

import type { Store } from './store.ts'

export const Notices = ({ store }: { readonly store: Store }) => (
  <section class="notices" role="status" aria-label="What was done">
    {store.notices.map(({ id, tone, text, undo }) => (
      <div key={id} class={`notice ${tone}`}>
        <span>{text}</span>
        {undo !== null && (
          <button type="button" onClick={() => void store.undo(undo)}>
            Undo
          </button>
        )}
        <button
          type="button"
          class="quiet"
          aria-label="Close this notice"
          onClick={() => store.dismiss(id)}
        >
          ×
        </button>
      </div>
    ))}
  </section>
)
