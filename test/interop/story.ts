// What happens between real nodes and the proxy, told the same for every kind of connector. A story is a
// stage with Tomcats and the steps that are played on it one after the other: a JVM takes its time to start.

import { type TestContext, test } from 'node:test'
import { whyNoTomcat } from '../support/tomcat-build.ts'
import type { ConnectorKind } from '../support/tomcats.ts'

export interface Story {
  readonly about: string
  play(t: TestContext, kind: ConnectorKind): Promise<void>
}

/** Each story as a test; all of them skipped, with the reason, where there is no Tomcat to be had. */
export async function tell(kind: ConnectorKind, stories: readonly Story[]): Promise<void> {
  const skip = (await whyNoTomcat()) ?? false
  for (const story of stories) {
    test(`Tomcat by ${kind}: ${story.about}`, { skip, timeout: 120_000 }, (t) =>
      story.play(t, kind),
    )
  }
}
