// Tests with real Tomcats that run once for each kind of connector. A story starts its Tomcats once and then runs
// several steps, because a JVM takes seconds to start.

import { type TestContext, test } from 'node:test'
import { whyNoTomcat } from '../support/tomcat-build.ts'
import type { ConnectorKind } from '../support/tomcats.ts'

export interface Story {
  readonly about: string
  play(t: TestContext, kind: ConnectorKind): Promise<void>
}

/** Registers each story as a test. Without a Tomcat all are skipped, and the reason is printed. */
export async function testStories(kind: ConnectorKind, stories: readonly Story[]): Promise<void> {
  const skip = (await whyNoTomcat()) ?? false
  for (const story of stories) {
    test(`Tomcat by ${kind}: ${story.about}`, { skip, timeout: 120_000 }, (t) =>
      story.play(t, kind),
    )
  }
}
