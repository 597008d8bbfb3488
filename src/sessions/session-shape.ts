import type { TokenSet } from '../protocol/token-set.ts'
import type { RefreshAttempt } from '../refresh/refreshable.ts'
import type { ActiveSessionState, AdditionalToken, SessionState } from './session-state.ts'

type Rule = (value: unknown) => boolean
/** One for each member, so that none is forgotten that the library relies on. */
type Rules<T> = Readonly<Record<keyof T, Rule>>

const isText: Rule = (value) => typeof value === 'string'
const isFilled: Rule = (value) => isText(value) && value !== ''
const isObject: Rule = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTexts: Rule = (value) => Array.isArray(value) && value.every(isText)
const isTrue: Rule = (value) => value === true
const optional =
  (fits: Rule): Rule =>
  (value) =>
    value === undefined || fits(value)

const baseRules: Rules<Omit<SessionState, 'status'>> = {
  format: (value) => value === 1,
  id: isFilled,
  ref: isText,
  issuer: isText,
  clientId: isText,
  subject: optional(isText),
  clientKey: optional(isObject),
  sid: optional(isText),
  userinfoOrigin: optional((value) => isText(value) && URL.canParse(value as string)),
  claims: optional(isObject),
  generation: Number.isSafeInteger,
  createdAt: Number.isFinite,
  data: () => true,
}

const activeRules: Rules<Omit<ActiveSessionState, keyof typeof baseRules | 'status'>> = {
  tokens: isObject,
  renewal: Number.isSafeInteger,
  dpopKey: optional((value) => isObject(value) && isText((value as { alg?: unknown }).alg)),
  additional: optional((value) => isObject(value) && Object.values(value as object).every(isAdditionalToken)),
  attempt: optional((value) => fits(value, attemptRules)),
  outcomeUnknown: optional(isTrue),
}

const tokenRules: Rules<TokenSet> = {
  issuer: isText,
  accessToken: isFilled,
  tokenType: (value) => value === 'Bearer' || value === 'DPoP',
  scope: isText,
  expiresAt: optional(Number.isFinite),
  receivedAt: Number.isFinite,
  refreshToken: optional(isFilled),
  idToken: optional(isFilled),
  subject: optional(isText),
  resource: optional(isTexts),
  authorizationDetails: optional(Array.isArray),
  issuedTokenType: optional(isText),
}

const additionalRules: Rules<AdditionalToken> = {
  value: isFilled,
  scope: isText,
  resource: isTexts,
  expiresAt: optional(Number.isFinite),
  receivedAt: Number.isFinite,
  renewal: Number.isSafeInteger,
}

const attemptRules: Rules<RefreshAttempt> = {
  id: isText,
  tokenHash: isText,
  startedAt: Number.isFinite,
  isLost: optional(isTrue),
  isUnlocked: optional(isTrue),
}

const isAdditionalToken: Rule = (value) => fits(value, additionalRules)

/** Whether what a record holds is a session, down to each member that is used unasked. */
export function isSessionState(value: unknown): value is SessionState {
  if (!fits(value, baseRules)) return false
  const state = value as SessionState
  if (state.status === 'expired') return isText(state.reason)
  return state.status === 'active' && fits(state, activeRules) && isUsable(state)
}

/** Tokens go to the issuer that they came from alone; and what is bound to a key is never sent without. */
function isUsable({ issuer, tokens, dpopKey }: ActiveSessionState): boolean {
  const isBound = tokens.tokenType !== 'DPoP' || dpopKey !== undefined
  return fits(tokens, tokenRules) && tokens.issuer === issuer && isBound
}

function fits(value: unknown, rules: Readonly<Record<string, Rule>>): boolean {
  if (!isObject(value)) return false
  const members = value as Readonly<Record<string, unknown>>
  return Object.entries(rules).every(([name, rule]) => rule(members[name]))
}
