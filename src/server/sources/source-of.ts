// Makes the source of an entry of `to`. A new kind of source is a file beside this one, and a case here.

import type { SourceSettings } from '../../config/node-entry.ts'
import { dnsSource } from './dns-source.ts'
import { fileSource } from './file-source.ts'
import { lookupWith } from './lookup.ts'
import type { NodeSource } from './node-source.ts'
import { srvSource } from './srv-source.ts'

export function sourceOf(settings: SourceSettings): NodeSource {
  switch (settings.kind) {
    case 'file':
      return fileSource(settings)
    case 'dns':
      return dnsSource(settings, lookupWith(settings.family, settings.resolver))
    case 'srv':
      return srvSource(settings, lookupWith(settings.family, settings.resolver))
    default:
      return settings satisfies never
  }
}
