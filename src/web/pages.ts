import type { Html } from '../lib/html.ts'
import { json, page, wantsHtml } from './answers.ts'
import { type AccountsPage, accountsBody } from './pages/accounts-page.ts'
import { errorBody, errorText } from './pages/error-page.ts'
import { type LoginPage, loginBody } from './pages/login-page.ts'
import type { WebContext } from './web-context.ts'
import type { WebError } from './web-error.ts'
import type { WebPage } from './web-page.ts'

interface Content {
  readonly page: WebPage
  readonly json: unknown
  readonly title: string
  readonly body: Html
  readonly headers?: Readonly<Record<string, string>>
}

/** The application's own rendering, else JSON for a program, else our page. */
async function show(context: WebContext, request: Request, content: Content): Promise<Response> {
  const { page: shown, headers } = content
  const own = await context.options.renderPage?.(shown, request)
  if (own) return own
  if (!wantsHtml(request)) return json(shown.status, content.json, { vary: 'Accept', ...headers })
  return await page(context, shown.status, { ...content, bad: shown.kind === 'error' }, headers)
}

export async function showError(context: WebContext, request: Request, error: WebError): Promise<Response> {
  const { code: reason, status, retryPath } = error
  const { title, text } = errorText(reason)
  // A message of ours has no secret in it, but is for those who build the application, not for its users.
  const cause = error.cause instanceof Error ? error.cause.message : error.message
  const detail = context.options.development ? cause : undefined
  return await show(context, request, {
    page: { kind: 'error', status, error, title, text },
    json: { error: reason, error_description: text, ...(detail !== undefined && { detail }) },
    title,
    body: errorBody({ reason, retryPath, detail }),
  })
}

export async function showLogin(
  context: WebContext,
  request: Request,
  options: Pick<LoginPage, 'returnTo' | 'handle'> & { readonly status: number; readonly error?: WebError },
): Promise<Response> {
  const { status, error, ...rest } = options
  const content: LoginPage = {
    ...rest,
    loginPath: context.paths.login,
    issuers: context.all.length > 1 ? context.all.map(({ client }) => client.issuer) : [],
    takesHandle: context.options.resolveHandle !== undefined,
    // Nobody did anything wrong who has just come to log in.
    problem: error && error.code !== 'missing_handle' ? errorText(error.code).text : undefined,
  }
  return await show(context, request, {
    page: { kind: 'login', status, ...(error && { error }), ...content },
    json: error
      ? { error: error.code, error_description: errorText(error.code).text }
      : { issuers: content.issuers, takesHandle: content.takesHandle },
    title: 'Log in',
    body: loginBody(content),
  })
}

export async function showAccounts(context: WebContext, request: Request, content: AccountsPage): Promise<Response> {
  return await show(context, request, {
    page: { kind: 'accounts', status: 200, ...content },
    json: { accounts: content.accounts },
    title: content.accounts.length > 1 ? 'Your accounts' : 'Your account',
    body: accountsBody(content),
    // Its forms must carry their origin, which `no-referrer` would hide.
    headers: { 'referrer-policy': 'same-origin' },
  })
}
