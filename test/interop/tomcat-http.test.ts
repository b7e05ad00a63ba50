// Real Tomcats that register their HTTP connector.

import { bodies } from './stories/bodies.ts'
import { deployment } from './stories/deployment.ts'
import { discovery } from './stories/discovery.ts'
import { draining } from './stories/draining.ts'
import { paths } from './stories/paths.ts'
import { registration } from './stories/registration.ts'
import { failover, sessions } from './stories/sessions.ts'
import { testStories } from './story.ts'

await testStories('http', [
  registration,
  discovery,
  bodies,
  sessions,
  failover,
  deployment,
  draining,
  paths,
])
