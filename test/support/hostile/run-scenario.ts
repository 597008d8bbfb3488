import { type HostileProvider, startHostileProvider } from '../hostile-provider.ts'
import type { ClientSetup } from './client-setup.ts'
import type { Scenario, Step } from './scenario.ts'

/** A client under test, as the scenarios drive it. One subject is one application: it may hold caches and one login. */
export interface Subject {
  authorizationUrl(): Promise<URL>
  callback(answer: URL | Request): Promise<void>
  refresh(): Promise<void>
  userinfo(): Promise<void>
  apiCall(): Promise<void>
  clientCredentials(): Promise<void>
  introspection(): Promise<void>
  revocation(): Promise<void>
  verifyIdToken(token: string): Promise<void>
  /** What not every client can do. */
  readonly backChannel?: {
    device(): Promise<void>
    backchannel(): Promise<void>
    exchangeToken(): Promise<void>
    logoutToken(token: string): Promise<void>
  }
}

export interface SubjectSetup {
  readonly issuer: string
  readonly client: ClientSetup
  /** The clock of client and provider, in milliseconds. */
  readonly now: () => number
  /** Waits by moving that clock. */
  readonly wait: (milliseconds: number) => void
  /** Gets whatever the client tells a log. */
  readonly tell: (event: unknown) => void
}

export type SubjectFactory = (setup: SubjectSetup) => Subject

export interface Outcome {
  /** What the last step threw; absent: it succeeded. */
  readonly error?: unknown
  /** The step that failed, if one did. */
  readonly failedAt?: Step
  readonly wasLastStep: boolean
  /** What the client told a log, so far. */
  readonly told?: readonly unknown[]
}

/** Runs a scenario against a provider of its own and hands what happened to `judge`. */
export async function runScenario(
  scenario: Scenario,
  makeSubject: SubjectFactory,
  judge: (outcome: Outcome, provider: HostileProvider) => void,
): Promise<void> {
  const clock = { offset: 0 }
  const now = () => Date.now() + clock.offset
  const client = scenario.client ?? {}
  const wait = (milliseconds: number) => {
    clock.offset += milliseconds
  }
  const told: unknown[] = []
  const tell = (event: unknown) => void told.push(event)
  const provider = await startHostileProvider({ client, faults: scenario.fault, now })
  try {
    const subject = makeSubject({ issuer: provider.issuer, client, now, wait, tell })
    for (let round = 0; round < (scenario.repeat ?? 1); round++) {
      judge({ ...(await runSteps(scenario.run, subject, provider, clock)), told }, provider)
    }
  } finally {
    await provider.close()
  }
}

async function runSteps(
  steps: readonly Step[],
  subject: Subject,
  provider: HostileProvider,
  clock: { offset: number },
): Promise<Outcome> {
  let url: URL | undefined
  let callback: URL | Request | undefined
  let logoutToken = ''
  const finish = async () => {
    callback = provider.comeBack(url!)
    await subject.callback(again(callback))
  }
  const perform: Readonly<Record<Extract<Step, string>, () => Promise<unknown>>> = {
    begin: async () => {
      url = await subject.authorizationUrl()
    },
    finish,
    login: async () => {
      url = await subject.authorizationUrl()
      await finish()
    },
    'finish-again': () => subject.callback(again(callback!)),
    refresh: () => subject.refresh(),
    userinfo: () => subject.userinfo(),
    'api-call': () => subject.apiCall(),
    'ten-api-calls': () => Promise.all(Array.from({ length: 10 }, () => subject.apiCall())),
    'client-credentials': () => subject.clientCredentials(),
    introspection: () => subject.introspection(),
    revocation: () => subject.revocation(),
    device: async () => backChannelOf(subject).device(),
    backchannel: async () => backChannelOf(subject).backchannel(),
    'exchange-token': async () => backChannelOf(subject).exchangeToken(),
    'logout-token': async () => {
      logoutToken = provider.makeLogoutToken()
      await backChannelOf(subject).logoutToken(logoutToken)
    },
    'logout-token-again': async () => backChannelOf(subject).logoutToken(logoutToken),
    'verify-id-token': () => subject.verifyIdToken(provider.lastIdToken ?? ''),
    'end-access-tokens': async () => provider.endAccessTokens(),
  }
  for (const [index, step] of steps.entries()) {
    try {
      if (typeof step === 'string') await perform[step]()
      else if ('fails' in step) await mustFail(perform[step.fails], step.fails)
      else if ('advanceSeconds' in step) clock.offset += step.advanceSeconds * 1000
      else provider.rotateSigningKey(step.rotateSigningKeyTo)
    } catch (error) {
      return { error, failedAt: step, wasLastStep: index === steps.length - 1 }
    }
  }
  return { wasLastStep: true }
}

/** The body of a request can be read once, and a browser can send it twice. */
const again = (answer: URL | Request): URL | Request => (answer instanceof URL ? answer : (answer.clone() as Request))

async function mustFail(perform: () => Promise<unknown>, action: string): Promise<void> {
  const failed = await perform().then(
    () => false,
    () => true,
  )
  if (!failed) throw new Error(`"${action}" succeeded where it must be refused`)
}

function backChannelOf({ backChannel }: Subject): NonNullable<Subject['backChannel']> {
  if (!backChannel) throw new Error('This client has no back channel')
  return backChannel
}
