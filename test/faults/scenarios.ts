import type { HeldRefresh } from './issuer.ts'
import { families, type Hands, type Scenario } from './scenario.ts'

/** The very process that sent the refresh dies, its request still open. */
async function kill({ issuer, crew, hit, doubt }: Hands, family: string, held: HeldRefresh): Promise<void> {
  await crew.replace(held.worker, () => {
    const others = issuer.openOf(held.worker).filter((each) => each !== family)
    hit([family, ...others])
    doubt(others)
  })
}

/** The answer comes while the store is away. */
async function restartUnder({ restartStore, hit, pause }: Hands, held: HeldRefresh): Promise<void> {
  hit(families)
  const restarted = restartStore()
  await pause(20)
  held.answer()
  await restarted
}

async function lose({ issuer, hit }: Hands, family: string): Promise<void> {
  await issuer.loseNextAnswer(family)
  hit([family])
}

const sessionGone = /^session_expired \(refresh_outcome_unknown\)$/
const storeAway = /^(refresh_failed \(|store_unavailable)/

export const scenarios: readonly Scenario[] = [
  { name: 'no fault', server: 'grace' },
  {
    name: 'processes killed in mid-refresh',
    server: 'grace',
    async wreak(hands) {
      const { issuer } = hands
      await Promise.all([
        issuer.holdNext('ada', 'after rotation').then((held) => kill(hands, 'ada', held)),
        issuer.holdNext('cleo', 'before rotation').then((held) => kill(hands, 'cleo', held)),
      ])
    },
  },
  {
    name: 'killed, and a lease longer than the grace',
    server: 'grace',
    lease: 10_000,
    async wreak(hands) {
      await kill(hands, 'ben', await hands.issuer.holdNext('ben', 'after rotation'))
    },
  },
  {
    name: 'store restarted in mid-refresh',
    server: 'grace',
    restartsStore: true,
    mayFail: storeAway,
    wreak: async (hands) => await restartUnder(hands, await hands.issuer.holdNext('ada', 'after rotation')),
  },
  {
    name: 'answers lost after rotation',
    server: 'grace',
    async wreak(hands) {
      await Promise.all(families.map((family) => lose(hands, family)))
      // The repetition of the first is to come through.
      await hands.pause(1_000)
      await lose(hands, 'ben')
    },
  },
  {
    name: 'a process stopped past its lease',
    server: 'grace',
    async wreak({ issuer, crew, hit, pause }) {
      const held = await issuer.holdNext('ada', 'after rotation')
      crew.signal(held.worker, 'SIGSTOP')
      hit(families)
      await pause(3_000)
      held.answer()
      crew.signal(held.worker, 'SIGCONT')
    },
  },
  { name: 'no lock, clocks apart', server: 'strict', hasLock: false, clockOffsets: [0, 60, -60, 30] },
  {
    name: 'an answer lost, a login revoked',
    server: 'strict',
    mayFail: /^session_expired \((refresh_outcome_unknown|refresh_refused)\)$|^refresh_failed \(network_error\)$/,
    ends: { ada: 'session_expired refresh_outcome_unknown', ben: 'session_expired refresh_refused' },
    async wreak(hands) {
      hands.issuer.families.find('ben').ended = 'revoked'
      hands.hit(['ben'])
      await lose(hands, 'ada')
    },
  },
  {
    name: 'processes killed in mid-refresh',
    server: 'strict',
    duration: 6_400,
    mayFail: sessionGone,
    ends: { ada: 'session_expired refresh_outcome_unknown' },
    async wreak(hands) {
      const { issuer } = hands
      await Promise.all([
        issuer.holdNext('ada', 'after rotation').then((held) => kill(hands, 'ada', held)),
        issuer.holdNext('cleo', 'before rotation').then((held) => kill(hands, 'cleo', held)),
      ])
    },
  },
  {
    name: 'store restarted in mid-refresh',
    server: 'strict',
    restartsStore: true,
    mayFail: storeAway,
    wreak: async (hands) => await restartUnder(hands, await hands.issuer.holdNext('ada', 'after rotation')),
  },
]
