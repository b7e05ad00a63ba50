// An announcement as a datagram and back: its text (announcement-text.ts) under a seal (announcement-key.ts).

import { peerLimits } from '../base/limits.ts'
import type { Announcement } from './announcement.ts'
import type { KeyRing, SealFault } from './announcement-key.ts'
import {
  parseAnnouncementText,
  type TextFault,
  writeAnnouncementText,
} from './announcement-text.ts'

/** Why a datagram is no announcement that counts. */
export type DatagramFault = TextFault | SealFault | 'too-long'

/** @throws RangeError for an announcement that cannot be written, or not in one datagram. */
export function writeAnnouncement(announcement: Announcement, keys: KeyRing): Buffer {
  const bytes = keys.seal(writeAnnouncementText(announcement))
  if (bytes.length > peerLimits.announcementBytesMax) {
    const most = peerLimits.announcementBytesMax
    throw new RangeError(`the announcement is ${bytes.length} bytes long, at most ${most} fit`)
  }
  return bytes
}

/** Any bytes: what they announce, or why they do not count. Never throws; the cheap questions come first. */
export function readAnnouncement(bytes: Buffer, keys: KeyRing): Announcement | DatagramFault {
  if (bytes.length > peerLimits.announcementBytesMax) return 'too-long'
  if (bytes[0] !== 0x74 || bytes[1] !== 0x6f || bytes[2] !== 0x70) return 'foreign'
  const length = keys.open(bytes)
  if (typeof length === 'string') return length
  return parseAnnouncementText(bytes.toString('latin1', 0, length))
}
