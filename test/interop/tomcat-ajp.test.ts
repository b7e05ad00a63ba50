// Real Tomcats that register their AJP connector.

import { ajp } from './stories/ajp.ts'
import { bodies } from './stories/bodies.ts'
import { deployment } from './stories/deployment.ts'
import { discovery } from './stories/discovery.ts'
import { draining } from './stories/draining.ts'
import { paths } from './stories/paths.ts'
import { registration } from './stories/registration.ts'
import { failover, sessions } from './stories/sessions.ts'
import { testStories } from './story.ts'

await testStories('ajp', [
  registration,
  discovery,
  bodies,
  sessions,
  failover,
  deployment,
  draining,
  paths,
  ajp,
])
