// Waits for a condition instead of a time: looks every 5 ms, fails with a sentence after a deadline.

export async function until(
  what: string,
  condition: () => boolean,
  deadlineMs: number = 10_000,
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
