// Announcements as datagrams: a text (announcement-text.ts) with a signature (announcement-key.ts).

import { peerLimits } from '../base/limits.ts'
import type { Announcement } from './announcement.ts'
import type { KeyRing, SealFault } from './announcement-key.ts'
import {
  parseAnnouncementText,
  type TextFault,
  writeAnnouncementText,
} from './announcement-text.ts'

/** Why a datagram is refused. */
export type DatagramFault = TextFault | SealFault | 'too-long'

/** @throws RangeError for an announcement that the parser would refuse, or that is too long for a datagram. */
export function writeAnnouncement(announcement: Announcement, keys: KeyRing): Buffer {
  const bytes = keys.seal(writeAnnouncementText(announcement))
  if (bytes.length > peerLimits.announcementBytesMax) {
    const most = peerLimits.announcementBytesMax
    throw new RangeError(`the announcement is ${bytes.length} bytes long, at most ${most} fit`)
  }
  return bytes
}

/** Parses a datagram. @returns the announcement, or why it is refused. Never throws; cheap checks are first. */
export function readAnnouncement(bytes: Buffer, keys: KeyRing): Announcement | DatagramFault {
  if (bytes.length > peerLimits.announcementBytesMax) return 'too-long'
  if (bytes[0] !== 0x74 || bytes[1] !== 0x6f || bytes[2] !== 0x70) return 'foreign'
  const length = keys.open(bytes)
  if (typeof length === 'string') return length
  return parseAnnouncementText(bytes.toString('latin1', 0, length))
}
