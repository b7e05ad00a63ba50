// Makes the source of an entry of `to`. A new kind of source is a file beside this one, and a case here.

import type { SourceSettings } from '../../config/source-settings.ts'
import { consulSource } from './consul-source.ts'
import { dnsSource } from './dns-source.ts'
import { dockerSource } from './docker-source.ts'
import { fileSource } from './file-source.ts'
import { kubernetesSource } from './kubernetes-source.ts'
import { lookupWith } from './lookup.ts'
import type { NodeSource } from './node-source.ts'
import { polledSource } from './polled-source.ts'
import { srvSource } from './srv-source.ts'

export function sourceOf(settings: SourceSettings): NodeSource {
  switch (settings.kind) {
    case 'file':
      return polledSource(fileSource(settings), settings.every)
    case 'dns': {
      const lookup = lookupWith(settings.family, settings.resolver)
      return polledSource(dnsSource(settings, lookup), settings.every)
    }
    case 'srv': {
      const lookup = lookupWith(settings.family, settings.resolver)
      return polledSource(srvSource(settings, lookup), settings.every)
    }
    case 'kubernetes':
      return kubernetesSource(settings)
    case 'consul':
      return consulSource(settings)
    case 'docker':
      return dockerSource(settings)
    default:
      return settings satisfies never
  }
}
