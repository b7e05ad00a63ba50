// Waits for something to become true, with an end to it.

/** @returns whether it did within `ms`. */
export async function waitFor(condition: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() >= end) return false
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
  return true
}

/** Between two looks, ms. */
const lookMs = 20
