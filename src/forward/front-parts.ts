// What the front proxy does and peers do not, in one object: the front proxy passes it in, and peers do not carry it.

import type { RuleStages } from './exchange-state.ts'
import { AjpConnection } from './node/ajp-connection.ts'
import { AjpShared } from './node/ajp-shared.ts'
import type { OpenAjp } from './node/pools.ts'
import { ruleStages } from './rule-stages.ts'
import type { AjpSettings } from './shared/settings.ts'

export interface FrontParts {
  readonly ruleStages: RuleStages
  readonly openAjp: OpenAjp
  /** @throws RangeError for settings that cannot be used. */
  ajpShared(settings: AjpSettings): AjpShared
}

export const frontParts: FrontParts = {
  ruleStages,
  openAjp: (pool, client) => new AjpConnection(pool, client),
  ajpShared: (settings) => new AjpShared(settings),
}
