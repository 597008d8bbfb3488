import { isScope } from '../protocol/scope.ts'
import { issuePreAuthorizedCode } from '../server/index.ts'
import type { DevContext } from './context.ts'
import { paths } from './endpoints.ts'
import type { DevAnswer } from './exchange.ts'
import { madeOfferBody, offerBody } from './pages/offer-page.ts'
import type { Route } from './token-routes.ts'
import { type UserVisit, userPage } from './user-page.ts'

/** Digits of a transaction code: what a wallet's user types. */
const txCodeLength = 6

/** The page on which a user makes a pre-authorized code, as an issuer's own site would (OpenID4VCI 1.0 4.1). */
export const offer: Route = userPage({
  path: paths.offer,
  name: 'offer',
  reason: 'The code will be good for you.',
  show: (visit) => showForm(visit),
  act: make,
})

async function make(visit: UserVisit, form: URLSearchParams): Promise<DevAnswer> {
  const { context, session } = visit
  const text = form.get('scope') ?? ''
  const scope = text.split(' ').filter((one) => one !== '')
  if (!scope.every(isScope)) return showForm(visit, 'This is no list of scopes.')
  const txCode = form.has('with_tx_code') ? createTxCode(context) : undefined
  const { code, expiresIn, events } = await issuePreAuthorizedCode(context.config, {
    subject: session.subject,
    scope,
    ...(txCode !== undefined && { txCode }),
  })
  context.emit(events)
  return visit.answer('The code', madeOfferBody({ code, txCode, expiresIn }))
}

/** Digits, each as likely as the other. */
function createTxCode({ runtime }: DevContext): string {
  const digits: number[] = []
  while (digits.length < txCodeLength) {
    for (const byte of runtime.randomBytes(txCodeLength)) if (byte < 250) digits.push(byte % 10)
  }
  return digits.slice(0, txCodeLength).join('')
}

async function showForm(visit: UserVisit, problem?: string): Promise<DevAnswer> {
  const { context, session, frame, answer } = visit
  return answer('Make a code', offerBody({ frame, userName: context.accounts.nameOf(session.subject), problem }))
}
