// An answer of the API that a page reads again and again while it is open.

import { useEffect, useState } from 'preact/hooks'
import { failureText, read } from './client.ts'

export interface Reading<Answer> {
  readonly answer: Answer | undefined
  /** Why the last attempt failed. */
  readonly problem: string | undefined
}

/** @param path `undefined`: there is nothing to read now. @param everyMs time between two readings. */
export function useRead<Answer>(path: string | undefined, everyMs: number): Reading<Answer> {
  const [reading, setReading] = useState<Reading<Answer>>({ answer: undefined, problem: undefined })
  useEffect(() => {
    if (path === undefined) return undefined
    let isOpen = true
    const look = async (): Promise<void> => {
      try {
        const answer = await read<Answer>(path)
        if (isOpen) setReading({ answer, problem: undefined })
      } catch (error) {
        if (isOpen) setReading(({ answer }) => ({ answer, problem: failureText(error) }))
      }
    }
    void look()
    const timer = setInterval(() => void look(), everyMs)
    return () => {
      isOpen = false
      clearInterval(timer)
    }
  }, [path, everyMs])
  return reading
}
