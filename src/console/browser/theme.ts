// Light or dark: as the system has it, until the reader chooses.

import { useEffect, useState } from 'preact/hooks'

const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'topspin-theme'

function kept(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system'
  } catch {
    return 'system'
  }
}

function put(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === 'system' ? '' : theme
  for (const listener of listeners) listener()
}

const listeners = new Set<() => void>()
const dark = matchMedia('(prefers-color-scheme: dark)')
dark.addEventListener('change', () => put(kept()))

export function useTheme(): readonly [Theme, () => void] {
  const [theme, setTheme] = useState(kept)
  useEffect(() => put(theme), [theme])
  const next = (): void => {
    const chosen = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
    try {
      localStorage.setItem(key, chosen)
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    setTheme(chosen)
  }
  return [theme, next]
}

/** Called when colours have changed. @returns ends it. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The colour that a variable of the style sheet has now. */
export function colour(name: string): string {
  const probe = document.createElement('i')
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const value = getComputedStyle(probe).color
  probe.remove()
  return value
}
