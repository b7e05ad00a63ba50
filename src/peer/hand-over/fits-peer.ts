// Whether a head may be handed over. A peer refuses one that has become too long for its parser with 431, which would be
// final; the server here accepts it.

import { maxHeaderSize } from 'node:http'
import { handOverLimits } from '../../base/limits.ts'

/** @param length of the head as it arrived, bytes; the fields of the hand-over are added to it. */
export const fitsPeer = (length: number): boolean => length <= peerHeadBytesMax

export const peerHeadBytesMax: number = maxHeaderSize - handOverLimits.addedHeadBytes
