import type { LoginSession } from '../server/index.ts'
import { seeOther } from './answers.ts'
import { assertGuard, type Browser, guardOf, readBrowser } from './browser.ts'
import type { DevContext } from './context.ts'
import type { DevAnswer } from './exchange.ts'
import { logIn } from './log-in.ts'
import { readLogin } from './logins.ts'
import type { FormFrame } from './pages/forms.ts'
import { about, page } from './pages/layout.ts'
import { loginBody } from './pages/login-page.ts'
import { readForm } from './read-request.ts'
import type { Route } from './token-routes.ts'

/** Somebody who is logged in, at a page of the server itself that no application sent them to. */
export interface UserVisit {
  readonly context: DevContext
  readonly session: LoginSession
  /** For the page's own forms. */
  readonly frame: FormFrame
  readonly answer: (title: string, body: ReturnType<typeof loginBody>) => Promise<DevAnswer>
  /** Back to the page, as it is then. */
  readonly again: () => DevAnswer
}

export interface UserPage {
  readonly path: string
  /** What its guard is good for, beside one login. */
  readonly name: string
  /** Why one is to log in. */
  readonly reason: string
  readonly show: (visit: UserVisit) => Promise<DevAnswer>
  readonly act: (visit: UserVisit, form: URLSearchParams) => Promise<DevAnswer>
}

/** The route of a page behind a login, which it asks for where there is none. */
export function userPage({ path, name, reason, show, act }: UserPage): Route {
  return async (context, request, info) => {
    const browser = readBrowser(context, request)
    const session = await readLogin(context, request)
    const about = `${name} ${session?.sid ?? ''}`
    const frame: FormFrame = { action: path, guard: await guardOf(context, browser, about) }
    const answer: UserVisit['answer'] = (title, body) => answerPage(browser, title, body)
    const again = (cookies: readonly string[] = []) => seeOther(`${context.issuer}${path}`, cookies)
    const showLogin = ({ problem, username }: { readonly problem?: string; readonly username?: string } = {}) =>
      answer('Log in', loginBody({ frame, problem, username, reason }))
    const visit = session && { context, session, frame, answer, again: () => again() }

    if (request.method !== 'POST') return visit ? show(visit) : showLogin()
    const form = await readForm(request)
    await assertGuard(context, request, form, about)
    if (form.get('act') === 'login') {
      const outcome = await logIn(context, request, form, info)
      return outcome.ok ? again(outcome.cookies) : showLogin(outcome)
    }
    return visit ? act(visit, form) : again()
  }
}

function answerPage({ cookies }: Browser, title: string, body: ReturnType<typeof loginBody>): Promise<DevAnswer> {
  return page({ title, about, body, cookies })
}
