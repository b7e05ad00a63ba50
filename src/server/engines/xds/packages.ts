// The packages of gRPC, which are loaded only where Envoys are served.

import type * as Grpc from '@grpc/grpc-js'
import { TopspinError } from '../../../base/errors.ts'
import { type Codec, codecOf } from './messages.ts'

export interface XdsPackages {
  readonly grpc: typeof Grpc
  readonly codec: Codec
}

/** No literals in `import`, so that bundlers leave the packages out. */
const packageNames = { grpc: '@grpc/grpc-js', protobuf: 'protobufjs/light.js' }

/** Rejects with a `TopspinError` when they are not installed. */
export async function loadXds(): Promise<XdsPackages> {
  try {
    const [grpc, { default: protobuf }] = await Promise.all([
      import(packageNames.grpc) as Promise<typeof Grpc>,
      import(packageNames.protobuf) as Promise<{ default: typeof import('protobufjs/light.js') }>,
    ])
    return { grpc, codec: codecOf(protobuf) }
  } catch (error) {
    throw new TopspinError(
      'XDS_MISSING',
      'xds.listen needs the packages of gRPC: npm install @grpc/grpc-js protobufjs@7',
      { side: 'proxy', phase: 'control', cause: error },
    )
  }
}
