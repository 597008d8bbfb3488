/** What this process knows of attempts of its own, beyond what the journal says. */
export interface KnownAttempts {
  /** Its answer was lost: nobody is at it any more. */
  isLost(id: string): boolean
  /** Its journal entry could not be confirmed, so its request never left. */
  isUnsent(id: string): boolean
  remember(id: string, what: 'lost' | 'unsent'): void
}

const most = 10_000

export function createKnownAttempts(): KnownAttempts {
  const known = new Map<string, 'lost' | 'unsent'>()
  return {
    isLost: (id) => known.get(id) === 'lost',
    isUnsent: (id) => known.get(id) === 'unsent',
    remember(id, what) {
      known.set(id, what)
      // The oldest goes: its session has long been renewed or has ended.
      if (known.size > most) known.delete(known.keys().next().value!)
    },
  }
}
