// A question before something is done, with what will happen in sentences.

import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface Properties {
  readonly title: string
  readonly doText: string
  readonly isDangerous?: boolean
  readonly children: ComponentChildren
  /** @returns the problem, if there is one; else the dialog closes. */
  readonly onDo: () => Promise<string | undefined>
  readonly onClose: () => void
}

export const Dialog = ({ title, doText, isDangerous, children, onDo, onClose }: Properties) => {
  const element = useRef<HTMLDialogElement>(null)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => element.current?.showModal(), [])
  const go = async (): Promise<void> => {
    setBusy(true)
    const found = await onDo()
    setBusy(false)
    setProblem(found)
    if (found === undefined) onClose()
  }
  return (
    <dialog ref={element} onClose={onClose} aria-labelledby="dialog-title">
      <h2 id="dialog-title">{title}</h2>
      {children}
      {problem !== undefined && (
        <p class="refusal" role="alert">
          {problem}
        </p>
      )}
      <p class="buttons">
        <button type="button" class="quiet" onClick={() => element.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          class={isDangerous === true ? 'main danger' : 'main'}
          disabled={isBusy}
          onClick={() => void go()}
        >
          {doText}
        </button>
      </p>
    </dialog>
  )
}
