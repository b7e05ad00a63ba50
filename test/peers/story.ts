// One thing that happens between real nodes and the proxy, told the same for every kind of connector.

import { type TestContext, test } from 'node:test'
import { whyNoTomcat } from '../support/tomcat-build.ts'
import type { ConnectorKind } from '../support/tomcats.ts'

export interface Story {
  /** Completes the sentence "a Tomcat ...". */
  readonly name: string
  play(t: TestContext, connector: ConnectorKind): Promise<void>
}

/** Each story as a test; all of them skipped, with the reason, where there is no Tomcat to be had. */
export async function tell(connector: ConnectorKind, stories: readonly Story[]): Promise<void> {
  const reason = await whyNoTomcat()
  for (const story of stories) {
    test(
      `a Tomcat by ${connector}: ${story.name}`,
      { skip: reason ?? false, timeout: 90_000 },
      (t) => story.play(t, connector),
    )
  }
}
