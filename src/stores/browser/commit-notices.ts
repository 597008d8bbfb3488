import type { RecordChanges } from '../../lib/record-changes.ts'

/** Messages between the tabs and workers of one origin, by BroadcastChannel. */
export interface CommitNotices extends RecordChanges {
  send(keys: readonly string[]): void
  close(): void
}

export function createCommitNotices(name: string): CommitNotices {
  const listeners = new Set<(key: string) => void>()
  let channel: BroadcastChannel | undefined
  const opened = (): BroadcastChannel => {
    if (channel) return channel
    channel = new BroadcastChannel(name)
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const keys = Array.isArray(data) ? data.filter((key) => typeof key === 'string') : []
      for (const key of keys) for (const listener of listeners) listener(key)
    }
    return channel
  }
  return {
    send: (keys) => opened().postMessage(keys),
    subscribe(listener) {
      opened()
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      channel?.close()
      channel = undefined
      listeners.clear()
    },
  }
}
