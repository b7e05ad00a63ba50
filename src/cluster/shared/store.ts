// The store that proxies share, as the shared registry uses it. server/shared/nats-store.ts is the one of the product; another
// engine needs the same: compare-and-set, a watch, and messages that may be lost.

/** A key as it is in the store. */
export interface Entry {
  readonly key: string
  /** Higher than that of any entry written before it, in the same store. */
  readonly revision: number
  /** Absent: the key was deleted. */
  readonly value?: string
}

export interface WatchEvents {
  /** Before the first entry. @param store differs when the store was made anew: revisions of another one mean nothing. */
  begins(store: string): void
  entry(entry: Entry): void
  /** All keys that were there at the beginning have been told. */
  listed(): void
  /** Nothing more comes, for example since the connection is lost. A watch may also fall silent without this. */
  ended(reason: string): void
}

export type PutResult =
  | { readonly kind: 'done'; readonly revision: number }
  /** The key has another revision. */
  | { readonly kind: 'refused' }
  /** Not known whether it was written. */
  | { readonly kind: 'unavailable'; readonly reason: string }

export interface SharedStore {
  /** Follows all keys. Rejects when the store does not answer. @returns ends it. */
  watch(events: WatchEvents): Promise<() => void>
  /** Writes a value upon a revision; 0: the key must not exist. Never rejects. */
  put(key: string, value: string, upon: number): Promise<PutResult>
  /** Deletes a key that has this revision. Never rejects. */
  remove(key: string, upon: number): Promise<PutResult>
  /** `undefined`: there is no such key. Rejects when the store does not answer. */
  get(key: string): Promise<Entry | undefined>
  /** To all other proxies; may be lost. */
  publish(topic: string, text: string): void
  /** Called for what other proxies publish, and for their questions; a text that is returned answers a question. */
  onMessage(topic: string, receive: (text: string) => Promise<string | undefined>): void
  /** Asks all other proxies. Resolves with the answers when there are `expected`, or after `withinMs`. Never rejects. */
  ask(topic: string, text: string, expected: number, withinMs: number): Promise<readonly string[]>
  /** Leaves this server for another one. */
  reconnect(): Promise<void>
  close(): Promise<void>
}
