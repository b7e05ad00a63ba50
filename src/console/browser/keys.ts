// Keys that work everywhere except while somebody types.

import { useEffect } from 'preact/hooks'

export const keysHelp: readonly (readonly [string, string])[] = [
  ['/', 'filter'],
  ['1 … 9', 'pages, from left to right'],
  ['t', 'light, dark, or as the system'],
  ['?', 'these keys'],
]

export function useKey(key: string, act: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const { target } = event
      const isTyping =
        target instanceof HTMLElement && target.matches('input, textarea, select, dialog *')
      if (event.key !== key || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  })
}
