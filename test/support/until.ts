// Waits for a condition instead of a time: looks again and again, fails with a sentence after a deadline.

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number = 30_000,
  evidence: () => unknown = () => '',
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > end) {
      const seen = JSON.stringify(evidence(), null, 1)
      throw new Error(`waited ${deadlineMs} ms in vain until ${what}\n${seen}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
