// Real Tomcats that announce their AJP connector.

import * as ajp from './stories/ajp.ts'
import * as bodies from './stories/bodies.ts'
import * as deployment from './stories/deployment.ts'
import * as discovery from './stories/discovery.ts'
import * as registration from './stories/registration.ts'
import * as sessions from './stories/sessions.ts'
import * as shutdown from './stories/shutdown.ts'
import { tell } from './story.ts'

await tell('ajp', [
  ...Object.values(registration),
  ...Object.values(discovery),
  ...Object.values(bodies),
  ...Object.values(ajp),
  ...Object.values(sessions),
  ...Object.values(deployment),
  ...Object.values(shutdown),
])
